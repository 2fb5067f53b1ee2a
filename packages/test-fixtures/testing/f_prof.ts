import * as fc from "fast-check";
import { randomRulesRegistry } from "/work/main/packages/test-fixtures/testing/random-rules-registry.ts";
import { fixturesFor } from "/work/main/packages/test-fixtures/src/factories/fixtures-for.ts";
for (const registry of fc.sample(randomRulesRegistry, 20)) {
  const fixtures = fixturesFor(registry);
  for (const name of registry.tables.keys()) {
    const t = performance.now();
    const f = fixtures.table(name);
    const t1 = performance.now();
    const tiny = registry.tables.get(name)?.columns.get("id")?.type.kind === "enum";
    f.many(tiny ? 1 : 20);
    const t2 = performance.now();
    for (const e of ["longest","smallest","unicode","special","nulls"] as const) {
    const t3 = performance.now();
    try { f.edge(e); } catch (x) { if (!tiny) throw x }
    const t4 = performance.now();
    if (t4-t3>50) console.log(name, e, Math.round(t4-t3), [...registry.tables.get(name)!.columns.values()].map(c=>c.type.name+(c.pattern??"")+(c.format??"")+JSON.stringify(c.encryption??"")+"["+c.type.dimensions).join(" "));
    }
    if (t2-t>50) console.log(name, Math.round(t1-t), Math.round(t2-t1));
  }
}

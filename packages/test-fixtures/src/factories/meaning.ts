import type { Faker } from "@faker-js/faker";

/** The words of a column's name: `firstName`, `first_name` and `First name` are two words. */
export function wordsOf(name: string): string {
  return name
    .replaceAll(/([\p{Ll}\d])(\p{Lu})/gu, "$1_$2")
    .toLowerCase()
    .replaceAll(/[^\p{L}\d]+/gu, "_");
}

const has = (words: string): RegExp => new RegExp(`(?:^|_)(?:${words})(?:_|$)`, "u");

/** What numbers a column of some name usually has: the first rule that fits counts. */
const numbers: readonly (readonly [name: RegExp, low: number, high: number])[] = [
  [has("age"), 18, 90],
  [has("year"), 1990, 2030],
  [has("month"), 1, 12],
  [has("day"), 1, 28],
  [has("hour"), 0, 23],
  [has("minutes?|seconds?"), 0, 59],
  [has("percent|percentage|share|rate|discount|tax|vat"), 0, 100],
  [has("rating|stars|score"), 1, 5],
  [has("lat|latitude"), -90, 90],
  [has("lng|lon|longitude"), -180, 180],
  [has("price|amount|total|cost|fee|balance|salary|revenue|premium"), 1, 5000],
  [has("quantity|qty|count|stock|number_of"), 1, 100],
  [has("port"), 1024, 65_535],
  [has("position|rank|sort|order|priority|level|version|step|attempts?|retries"), 1, 20],
  [has("size|bytes|length|width|height|weight|distance"), 1, 10_000],
];

/** The least and the most of what one would expect of a number of this name. */
export function usualNumbers(name: string): readonly [low: number, high: number] {
  const words = wordsOf(name);
  const [, low = 1, high = 1000] = numbers.find(([pattern]) => pattern.test(words)) ?? [];
  return [low, high];
}

type MakeText = (faker: Faker) => string;

/** Texts by the meaning of the column's name: the first rule that fits counts. */
const texts: readonly (readonly [name: RegExp, make: MakeText])[] = [
  [has("e_?mail|mail"), (faker) => faker.internet.email({ provider: "example.com" }).toLowerCase()],
  [has("phone|mobile|fax|telephone|tel"), (faker) => faker.phone.number({ style: "international" })],
  [has("first_?name|given_?name|forename"), (faker) => faker.person.firstName()],
  [has("middle_?name"), (faker) => faker.person.middleName()],
  [has("last_?name|family_?name|surname"), (faker) => faker.person.lastName()],
  [has("user_?name|login|nick|nickname|handle"), (faker) => faker.internet.username().toLowerCase()],
  [has("password|secret|token|hash|checksum|signature"), (faker) => faker.string.hexadecimal({ length: 32, prefix: "", casing: "lower" })],
  [has("company|employer|organi[sz]ation|firm|vendor|supplier|manufacturer"), (faker) => faker.company.name()],
  [has("job|occupation|profession|position"), (faker) => faker.person.jobTitle()],
  [has("department|team"), (faker) => faker.commerce.department()],
  [has("file_?name|file"), (faker) => faker.system.fileName()],
  [has("path|folder|directory"), (faker) => faker.system.filePath()],
  [has("mime|mime_?type|content_?type|media_?type"), (faker) => faker.system.mimeType()],
  [has("host|host_?name|domain"), (faker) => `${faker.internet.domainWord()}.example.com`],
  [has("product|article|item|goods"), (faker) => faker.commerce.productName()],
  [has("country_?code"), (faker) => faker.location.countryCode()],
  [has("country|nationality"), (faker) => faker.location.country()],
  [has("city|town|place|municipality"), (faker) => faker.location.city()],
  [has("state|province|region|county"), (faker) => faker.location.state()],
  [has("zip|zip_?code|postcode|postal_?code|postal"), (faker) => faker.location.zipCode()],
  [has("street|address|address_?line|address_?1"), (faker) => faker.location.streetAddress()],
  [has("time_?zone|tz"), (faker) => faker.location.timeZone()],
  [has("locale|language|lang"), (faker) => faker.location.language().alpha2],
  [has("currency"), (faker) => faker.finance.currencyCode()],
  [has("iban"), (faker) => faker.finance.iban()],
  [has("bic|swift"), (faker) => faker.finance.bic()],
  [has("account|account_?number"), (faker) => faker.finance.accountNumber()],
  [has("colou?r"), (faker) => faker.color.human()],
  [has("sku|code|reference|ref|number|key|external_?id"), (faker) => faker.string.alphanumeric({ length: 8, casing: "upper" })],
  [has("ip|ip_?address"), (faker) => faker.internet.ipv4()],
  [has("user_?agent"), (faker) => faker.internet.userAgent()],
  [has("url|uri|link|website|homepage|web"), (faker) => `https://${faker.internet.domainWord()}.example.com/${faker.lorem.slug(2)}`],
  [has("slug"), (faker) => faker.lorem.slug(3)],
  [has("status|state|stage|phase"), (faker) => faker.helpers.arrayElement(["new", "active", "pending", "done", "failed"])],
  [has("kind|type|category|class|group|role"), (faker) => faker.word.noun()],
  [has("gender|sex"), (faker) => faker.person.sex()],
  [has("title|subject|headline|heading|label"), (faker) => capital(faker.lorem.words({ min: 2, max: 5 }))],
  [has("description|comments?|notes?|text|body|content|message|summary|bio|about|remarks?|reason"), (faker) => faker.lorem.sentence()],
  [has("name|full_?name|contact|person|owner|author|customer|client"), (faker) => faker.person.fullName()],
]; // prettier-ignore

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** What makes texts for a column of this name: words unless the name says more. */
export function usualText(name: string): MakeText {
  const words = wordsOf(name);
  const found = texts.find(([pattern]) => pattern.test(words))?.[1];
  return found ?? ((faker) => faker.lorem.words({ min: 1, max: 3 }));
}

/** How far from now a point in time of this name usually is, in days: negative before. */
export function usualDays(name: string): readonly [from: number, to: number] {
  const words = wordsOf(name);
  if (has("birth|birthday|birthdate|born|dob").test(words)) return [-80 * 365, -18 * 365];
  if (has("expires?|expiry|valid_?until|due|deadline|until|next|end|ends|renewal").test(words))
    return [1, 365];
  if (has("updated|modified|changed|last").test(words)) return [-30, -1];
  return [-730, -31];
}

/** The format that texts of this name have, whether the registry asks for it or not. */
export function usualFormat(name: string): "email" | "phone" | "url" | "hostname" | "slug" | undefined {
  const words = wordsOf(name);
  if (has("e_?mail|mail").test(words)) return "email";
  if (has("phone|mobile|fax|telephone|tel").test(words)) return "phone";
  if (has("url|uri|link|website|homepage").test(words)) return "url";
  if (has("host|host_?name|domain").test(words)) return "hostname";
  return has("slug").test(words) ? "slug" : undefined;
} // prettier-ignore

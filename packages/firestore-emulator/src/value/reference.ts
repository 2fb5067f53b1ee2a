/** A reference to a document, by its full resource name: `projects/p/databases/d/documents/clients/1`. */
export class Reference {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

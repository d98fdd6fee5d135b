/** The members of a union whose `kind` may be `Kind`, also where one member has several kinds. */
export type MemberOf<Union, Kind> = Union extends { readonly kind: infer Own }
  ? [Own & Kind] extends [never]
    ? never
    : Union
  : never;

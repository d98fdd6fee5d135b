/** Version of the product; the same in every package and in the root `package.json`. */
export const version = "0.1.0";

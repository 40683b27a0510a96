"""Keys of the company: certificates under the root key, the branch's chain of counter-seals."""

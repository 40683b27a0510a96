"""Keys of the company: who signed which record, certificates under the root key, the branch's chain of counter-seals."""

"""A gas company's day from leak to signature: real server processes, real phones without screens, one scaled clock."""

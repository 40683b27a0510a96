"""The customer's side, without a login: report, follow, agree to another time, give an opinion (IN-23)."""

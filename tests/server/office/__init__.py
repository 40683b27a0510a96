"""The office's pages through their doors: an order's papers, money, stock, hazard notices, messages sent."""

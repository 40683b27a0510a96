"""The leak day: one city, forty technicians, four hundred routine orders, and leaks nobody has announced.

``python -m tests.benchmarks.leak_day --scenario A --seeds 1-20 [--policies ours,hyb] --json OUT`` plays whole days
under each policy and reports how soon emergencies are reached and what that costs everybody else.

The definition's rules are kept to the letter; what it leaves open is read so:

* Positions on the way are interpolated on the straight line by the share of the real driving time that has passed:
  the planner sees where vans are, never how long a leg will really take. A drive without an order (to a waiting
  place, or home) takes the travel noise of the technician's own home.
* A technician without work drives home so that he is there when the shift ends; on the way he can be called. Kilometres
  count every drive, broken-off ones as far as they went; overtime is the time from shift end to being home.
* After 19:00 (11 h) nobody sets off for an order; what has not been finished by then is undone.
* A job that is left is resumed by the same technician, ten minutes longer. Whether its window was kept is judged by
  the first arrival. Being called away while waiting on site for a window to open is a diversion, not an interruption.
* Re-plans are counted as defined: one per reported leak and one per quarter of an hour while orders are open, however
  often a policy plans besides; jobs whose technician changed at any time are all counted.
* The forecast is a sample of 400 places of the same city law drawn with PCG64(seed + 20000): what the company's own
  history would say about the coming day.
"""

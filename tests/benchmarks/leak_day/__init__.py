"""The leak day: one city, forty technicians, four hundred routine orders, and leaks nobody has announced.

``python -m tests.benchmarks.leak_day --scenario A --seeds 1-20 [--policies ours,hyb] --json OUT`` plays whole days
under each policy and reports how soon emergencies are reached and what that costs everybody else.

The definition's rules are kept to the letter; what it leaves open is read so:

* Positions on the way are interpolated on the straight line by the share of the real driving time that has passed:
  the planner sees where vans are, never how long a leg will really take. A drive without an order (to a waiting
  place, or home) takes the travel noise of the technician's own home.
* A technician without work drives home so that he is there when the shift ends; on the way he can be called. `km`
  counts every drive to an order or a waiting place, broken-off ones as far as they went; the ways home, nearly the same
  under every policy, stand beside it as `km_home` (so read, opt and hyb come near the definition's own figures).
  Overtime is the time from shift end to being home.
* After 19:00 (11 h) nobody sets off for an order; what has not been finished by then is undone.
* A job that is left is resumed by the same technician, ten minutes longer. Whether its window was kept is judged by
  the first arrival. Being called away while waiting on site for a window to open is a diversion, not an interruption.
* `near+preempt` sends an urgent leak the nearest qualified technician who is not on site: free, or on his way to
  routine work.
* Re-plans are counted as defined: one per reported leak and one per quarter of an hour while orders are open, however
  often a policy plans besides; jobs whose technician changed at any time are all counted.
* The forecast is a sample of 400 places of the same city law drawn with PCG64(seed + 20000): what the company's own
  history would say about the coming day.

Ours, besides the objective of the definition: emergencies nobody has reached are shared out again at every event over
exact arrivals (`routing.instant`); urgent leaks are a tier (their lateness costs ten times the definition's, from 45
minutes before their time); plans keep a cushion before windows end and a margin for the qualified; jobs anybody could
do are kept from the qualified; whoever waits does so where the forecast is covered best, for a limited number of empty
kilometres. Margin, reserve, "soon enough" and the price of lateness follow the load of the qualified, known and
forecast (`routing.anticipation.reserve`); durations and leaks are learned from three earlier days of the same city.
A technician who leaves nobody and is there within `soon_s` of the report, or within `tolerance_s` of the earliest, is
taken before one who must leave a customer: set both to 0 for strictly the earliest.
"""

"""How long visits really last: learnt from those that ended, by kind of fault and by technician."""

"""What it was good for: indicators that reconcile with the signals, shares and outcomes behind them.

figures    a share with its interval, a spread of durations; none where there is too little to say
chain      one result traced back: seen, signalled, decided, shared or received, tasked, done
partners   what each partner and we gave one another, and what came of it
report     a period as one value, every figure with the records it counts; what does not reconcile is listed

Nothing here measures a person. Who decided is not read, so that no figure can be broken down by officer.
"""

"""One file a subject: home, sign_in, signals, reports, tasks, outcomes, oversight, officers."""

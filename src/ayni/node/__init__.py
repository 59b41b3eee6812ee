"""One institution: settings, officers, storage, jobs. The only place where parts are put together."""

-- Ships whose reported speed stayed in the range for $least_min minutes.
WITH told AS (
include(fast_runs.sql)
)
SELECT mmsi AS key_0, ship AS key_1, started_ms AS key_2, mmsi, name, callsign, imo, started_ms, ended_ms, lat_udeg, lon_udeg,
  mean_kn * 1852e0 * (ended_ms - started_ms) / 3600000e0 / 2e0 AS uncertainty_m, (ended_ms - started_ms) / 1000e0 AS run_s, mean_kn,
  most_kn, positions, COALESCE(is_service, FALSE) AS is_service, COALESCE(is_pleasure, FALSE) AS is_pleasure
FROM told

-- Leaps faster than $speed_kn, over more than $least_s seconds, of an MMSI that only one ship seems to use. Far ones and
-- near ones are counted apart: a bad fix of a few miles in the same hours does not lengthen a leap of fifty.
WITH leaps AS (
  SELECT mmsi, p_ts, ts, p_lat_udeg, p_lon_udeg, lat_udeg, lon_udeg, dist_m, dt_ms, speed_kn,
    dist_m / 1852e0 / (dt_ms / 3600000e0) AS implied_kn, dist_m >= $least_nm * 1852e0 AS is_far
  FROM track
  WHERE ship = 0 AND dt_ms > $least_s * 1000 AND dist_m / 1852e0 / (dt_ms / 3600000e0) > $speed_kn),
ordered AS (
  SELECT mmsi, p_ts, ts, p_lat_udeg, p_lon_udeg, lat_udeg, lon_udeg, dist_m, dt_ms, speed_kn, implied_kn, is_far,
    LAG(ts) OVER (PARTITION BY mmsi, is_far ORDER BY ts, lat_udeg, lon_udeg) AS p_leap_ms
  FROM leaps),
numbered AS (
  SELECT mmsi, p_ts, ts, p_lat_udeg, p_lon_udeg, lat_udeg, lon_udeg, dist_m, dt_ms, speed_kn, implied_kn, is_far,
    SUM(CASE WHEN ts - p_leap_ms <= $join_h * 3600000 THEN 0 ELSE 1 END) OVER (PARTITION BY mmsi, is_far ORDER BY ts
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS burst
  FROM ordered),
bursts AS (
  SELECT mmsi, is_far, burst, MIN(p_ts) AS started_ms, MAX(ts) AS ended_ms, COUNT(*) AS leaps, MAX(dist_m) AS dist_m,
    MAX(implied_kn) AS implied_kn, MAX(speed_kn) AS reported_kn, MIN(dt_ms) AS dt_ms
  FROM numbered GROUP BY mmsi, is_far, burst),
widest AS (
  SELECT b.mmsi, b.is_far, b.burst, MIN(n.p_lat_udeg) AS lat_udeg, MIN(n.p_lon_udeg) AS lon_udeg,
    MIN(n.lat_udeg) AS end_lat_udeg, MIN(n.lon_udeg) AS end_lon_udeg
  FROM bursts AS b JOIN numbered AS n ON n.mmsi = b.mmsi AND n.is_far = b.is_far AND n.burst = b.burst AND n.dist_m = b.dist_m
  GROUP BY b.mmsi, b.is_far, b.burst)
SELECT b.mmsi AS key_0, b.started_ms AS key_1, b.mmsi, v.name, v.callsign, v.imo, b.started_ms, b.ended_ms, w.lat_udeg, w.lon_udeg,
  w.end_lat_udeg, w.end_lon_udeg, b.dist_m / 2e0 AS uncertainty_m, b.leaps, b.dist_m / 1852e0 AS leap_nm, b.implied_kn,
  b.reported_kn, COALESCE(b.reported_kn < 40e0, FALSE) AS says_slow, b.leaps = 2 AS there_and_back, b.leaps > 2 AS is_repeated,
  NOT b.is_far AS is_near
FROM bursts AS b JOIN widest AS w ON w.mmsi = b.mmsi AND w.is_far = b.is_far AND w.burst = b.burst LEFT JOIN vessel AS v ON v.mmsi = b.mmsi
-- A leap or two of a few miles is a bad fix, a late message or a receiver's clock.
WHERE b.is_far OR b.leaps > 2

-- Long silences far from shore of ships that had been heard well, where others are heard well.
WITH told AS (
include(silence.sql)
),
-- Reception at that place: positions a day from everybody, over the hours there are.
span AS (SELECT (MAX(hour) - MIN(hour) + 1) / 24e0 AS days FROM hourly),
local AS (
  SELECT t.mmsi, t.ship, t.from_ms, SUM(h.positions) AS positions
  FROM told AS t JOIN heard AS h ON h.square_y = floor_div(t.lat_udeg, 500000) AND h.square_x = floor_div(t.lon_udeg, 500000)
  GROUP BY t.mmsi, t.ship, t.from_ms),
judged AS (
  SELECT t.mmsi, t.ship, t.from_ms, t.to_ms, t.lat_udeg, t.lon_udeg, t.end_lat_udeg, t.end_lon_udeg, t.dist_m, t.silent_ms,
    t.before_count, t.before_satellite, t.others_during, t.shore_m, t.name, t.callsign, t.imo, t.is_fishing, t.length_m, t.before_kn,
    CASE WHEN t.before_satellite > 0 THEN t.before_satellite ELSE t.before_count END AS before_counted,
    COALESCE(l.positions, 0) / s.days AS a_day
  FROM told AS t CROSS JOIN span AS s
  LEFT JOIN local AS l ON l.mmsi = t.mmsi AND l.ship = t.ship AND l.from_ms = t.from_ms
  WHERE NOT t.lasts)
SELECT mmsi AS key_0, from_ms AS key_1, lat_udeg AS key_2, lon_udeg AS key_3, mmsi, name, callsign, imo,
  from_ms AS started_ms, to_ms AS ended_ms, lat_udeg, lon_udeg, end_lat_udeg, end_lon_udeg,
  GREATEST(185e0, COALESCE(dist_m, 0e0) / 2e0) AS uncertainty_m, silent_ms / 1000e0 AS silence_s, shore_m / 1852e0 AS shore_nm,
  before_counted AS before_count, $before_h * 3600e0 AS before_s, before_satellite = 0 AS no_satellite, a_day,
  others_during, others_during = 0 AS nobody_heard, others_during >= 3 AS others_heard, dist_m / 1852e0 AS moved_nm,
  dist_m / 1852e0 / (silent_ms / 3600000e0) AS implied_kn, dist_m > 9260e0 AS moved_on,
  COALESCE(is_fishing, FALSE) AS is_fishing, COALESCE(is_fishing AND length_m < 24e0, FALSE) AS is_artisanal
FROM judged
WHERE shore_m > $shore_nm * 1852e0 AND before_counted >= $before_positions AND a_day > $reception_a_day

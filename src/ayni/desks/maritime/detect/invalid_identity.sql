-- Numbers that cannot be: an IMO number whose check digit is wrong, an MMSI of no State or of another kind of station.
WITH hulls AS (
  SELECT mmsi, imo, MIN(ts) AS first_ms, MAX(ts) AS last_ms
  FROM identity WHERE imo > 0 GROUP BY mmsi, imo HAVING COUNT(DISTINCT ts) >= $least_reports),
wrong_hulls AS (
  SELECT mmsi, imo, first_ms, last_ms, imo < 1000000 OR imo > 9999999 AS is_no_imo
  FROM hulls
  WHERE imo < 1000000 OR imo > 9999999
    OR (7 * floor_div(imo, 1000000) + 6 * (floor_div(imo, 100000) % 10) + 5 * (floor_div(imo, 10000) % 10)
      + 4 * (floor_div(imo, 1000) % 10) + 3 * (floor_div(imo, 100) % 10) + 2 * (floor_div(imo, 10) % 10)) % 10 <> imo % 10),
stations AS (SELECT mmsi, MIN(first_ms) AS first_ms, MAX(last_ms) AS last_ms, SUM(positions) AS positions
  FROM hourly GROUP BY mmsi),
shaped AS (
  SELECT s.mmsi, s.first_ms, s.last_ms, s.positions, floor_div(s.mmsi, 1000000) AS mid,
    s.mmsi % 111111111 = 0 OR s.mmsi IN (123456789, 987654321, 234567890) AS is_default,
    s.mmsi < 200000000 OR s.mmsi BETWEEN 800000000 AND 999999999 AS other_shape
  FROM stations AS s WHERE s.positions >= $least_reports),
nobodys AS (
  SELECT h.mmsi, h.first_ms, h.last_ms, h.mid, h.is_default, h.mmsi < 200000000 AND NOT h.is_default AS no_station
  FROM shaped AS h LEFT JOIN mid AS m ON m.mid = h.mid
  WHERE h.is_default OR h.mmsi < 200000000 OR (NOT h.other_shape AND m.mid IS NULL)),
masked AS (
  SELECT mmsi, MIN(ts) AS first_ms, MAX(ts) AS last_ms, COUNT(*) AS positions
  FROM position
  WHERE msg_type IN (1, 2, 3, 18, 19) AND (mmsi < 100000000 OR mmsi BETWEEN 111000000 AND 111999999 OR mmsi >= 990000000)
    AND speed_kn >= $moving_kn AND speed_kn < 102e0
  GROUP BY mmsi HAVING COUNT(*) >= $least_reports),
told AS (
  SELECT mmsi, 1 AS wrong, imo AS detail, first_ms, last_ms, CAST(imo AS VARCHAR) AS hull, CAST(NULL AS VARCHAR) AS digits,
    is_no_imo, FALSE AS is_default, FALSE AS no_station FROM wrong_hulls
  UNION ALL
  SELECT mmsi, 2, mid, first_ms, last_ms, CAST(NULL AS VARCHAR), CAST(mid AS VARCHAR), FALSE, is_default, no_station FROM nobodys
  UNION ALL
  SELECT mmsi, 3, 0, first_ms, last_ms, CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), FALSE, FALSE, FALSE FROM masked),
whereabouts AS (
  SELECT t.mmsi, t.wrong, t.detail, MIN(h.min_lat_udeg) AS lat_udeg, MIN(h.min_lon_udeg) AS lon_udeg
  FROM told AS t JOIN hourly AS h ON h.mmsi = t.mmsi AND h.hour = floor_div(t.first_ms, 3600000)
  GROUP BY t.mmsi, t.wrong, t.detail)
SELECT t.mmsi AS key_0, t.wrong AS key_1, t.detail AS key_2, t.mmsi, t.first_ms AS started_ms, t.last_ms AS ended_ms,
  w.lat_udeg, w.lon_udeg, CASE WHEN w.lat_udeg IS NULL THEN 0e0 ELSE 20000e0 END AS uncertainty_m, t.hull, t.digits,
  t.wrong = 1 AND NOT t.is_no_imo AS wrong_check, t.is_no_imo,
  t.wrong = 2 AND NOT t.is_default AND NOT t.no_station AS no_state, t.is_default, t.no_station, t.wrong = 3 AS masked,
  t.wrong = 1 AS about_hull, t.wrong = 2 AS about_mmsi
FROM told AS t LEFT JOIN whereabouts AS w ON w.mmsi = t.mmsi AND w.wrong = t.wrong AND w.detail = t.detail

-- A vessel that calls itself otherwise than before, and one hull's number under two MMSIs.
-- A word counts once it was sent $least_reports times in a row; what alternates to and fro is two transmitters.
WITH said AS (
  SELECT mmsi, ts, 1 AS what, UPPER(TRIM(name)) AS word FROM identity WHERE LENGTH(TRIM(name)) > 0
  UNION ALL
  SELECT mmsi, ts, 2, UPPER(TRIM(callsign)) FROM identity WHERE LENGTH(TRIM(callsign)) > 0
  UNION ALL
  SELECT mmsi, ts, 3, CAST(imo AS VARCHAR) FROM identity WHERE imo > 0
  UNION ALL
  SELECT mmsi, ts, 4, CAST(CASE WHEN ship_type BETWEEN 30 AND 59 THEN ship_type ELSE floor_div(ship_type, 10) END AS VARCHAR)
  FROM identity WHERE ship_type BETWEEN 20 AND 99),
several AS (SELECT mmsi, what FROM said GROUP BY mmsi, what HAVING COUNT(DISTINCT word) > 1),
ordered AS (
  SELECT s.mmsi, s.what, s.ts, s.word, LAG(s.word) OVER (PARTITION BY s.mmsi, s.what ORDER BY s.ts, s.word) AS p_word
  FROM said AS s JOIN several AS n ON n.mmsi = s.mmsi AND n.what = s.what),
numbered AS (
  SELECT mmsi, what, ts, word, SUM(CASE WHEN word = p_word THEN 0 ELSE 1 END)
    OVER (PARTITION BY mmsi, what ORDER BY ts, word ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS spell
  FROM ordered),
spells AS (
  SELECT mmsi, what, spell, word, MIN(ts) AS first_ms, MAX(ts) AS last_ms
  FROM numbered GROUP BY mmsi, what, spell, word HAVING COUNT(DISTINCT ts) >= $least_reports),
lagged AS (
  SELECT mmsi, what, word, first_ms, LAG(word) OVER w AS p_word, LAG(last_ms) OVER w AS p_last_ms
  FROM spells WINDOW w AS (PARTITION BY mmsi, what ORDER BY spell)),
changes AS (SELECT mmsi, what, word, p_word, p_last_ms, first_ms FROM lagged WHERE word <> p_word),
alternating AS (SELECT mmsi FROM changes GROUP BY mmsi, what HAVING COUNT(*) > $most_changes),
timed AS (
  SELECT mmsi, what, word, p_word, p_last_ms, first_ms,
    LAG(first_ms) OVER (PARTITION BY mmsi ORDER BY first_ms, what) AS p_change_ms
  FROM changes WHERE mmsi NOT IN (SELECT mmsi FROM alternating)),
grouped AS (
  SELECT mmsi, what, word, p_word, p_last_ms, first_ms, SUM(CASE WHEN first_ms - p_change_ms <= 3600000 THEN 0 ELSE 1 END)
    OVER (PARTITION BY mmsi ORDER BY first_ms, what ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS event
  FROM timed),
renamed AS (
  SELECT mmsi, event, MIN(p_last_ms) AS started_ms, MAX(first_ms) AS ended_ms, MIN(first_ms) AS changed_ms,
    COUNT(DISTINCT what) AS kinds, MIN(what) AS least_what,
    MIN(CASE WHEN what = 1 THEN p_word END) AS old_name, MIN(CASE WHEN what = 1 THEN word END) AS new_name,
    MIN(CASE WHEN what = 2 THEN p_word END) AS old_callsign, MIN(CASE WHEN what = 2 THEN word END) AS new_callsign,
    MIN(CASE WHEN what = 3 THEN p_word END) AS old_imo, MIN(CASE WHEN what = 3 THEN word END) AS new_imo,
    MAX(CASE WHEN what = 4 THEN 1 ELSE 0 END) = 1 AS type_changed
  FROM grouped GROUP BY mmsi, event),
hulls AS (
  SELECT imo, mmsi, MIN(ts) AS first_ms, MAX(ts) AS last_ms
  FROM identity
  WHERE imo BETWEEN 1000000 AND 9999999
    AND (7 * floor_div(imo, 1000000) + 6 * (floor_div(imo, 100000) % 10) + 5 * (floor_div(imo, 10000) % 10)
      + 4 * (floor_div(imo, 1000) % 10) + 3 * (floor_div(imo, 100) % 10) + 2 * (floor_div(imo, 10) % 10)) % 10 = imo % 10
  GROUP BY imo, mmsi HAVING COUNT(DISTINCT ts) >= $least_reports),
pairs AS (
  SELECT a.imo, a.mmsi, o.mmsi AS mmsi_2, a.last_ms AS a_last_ms, o.first_ms AS o_first_ms,
    CASE WHEN o.first_ms < a.last_ms THEN LEAST(a.last_ms, o.last_ms) ELSE o.first_ms END AS ended_ms
  FROM hulls AS a JOIN hulls AS o ON o.imo = a.imo
  WHERE a.mmsi <> o.mmsi AND (a.first_ms < o.first_ms OR (a.first_ms = o.first_ms AND a.mmsi < o.mmsi))
    AND o.first_ms - a.last_ms <= $reuse_d * 86400000),
told AS (
  SELECT 1 AS kind, r.mmsi, CAST(NULL AS BIGINT) AS mmsi_2, r.started_ms, r.ended_ms, r.changed_ms AS key_ms, r.old_name, r.new_name,
    r.old_callsign, r.new_callsign, r.old_imo, r.new_imo, r.type_changed,
    r.kinds, CAST(NULL AS VARCHAR) AS hull, FALSE AS at_once
  FROM renamed AS r WHERE NOT (r.kinds = 1 AND r.least_what = 4)
  UNION ALL
  SELECT 2, mmsi, mmsi_2, LEAST(a_last_ms, o_first_ms), ended_ms, imo, CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR),
    CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), FALSE, 1,
    CAST(imo AS VARCHAR), o_first_ms < a_last_ms
  FROM pairs),
whereabouts AS (
  SELECT t.kind, t.mmsi, t.key_ms, MIN(h.min_lat_udeg) AS lat_udeg, MIN(h.min_lon_udeg) AS lon_udeg,
    MAX(h.dist_m / 1852e0) AS way_nm
  FROM told AS t JOIN hourly AS h ON h.mmsi = t.mmsi AND h.hour = floor_div(t.started_ms, 3600000)
  GROUP BY t.kind, t.mmsi, t.key_ms)
SELECT t.kind AS key_0, t.mmsi AS key_1, COALESCE(t.mmsi_2, 0) AS key_2, t.key_ms AS key_3, t.mmsi, t.mmsi_2,
  t.started_ms, t.ended_ms, w.lat_udeg, w.lon_udeg, CASE WHEN w.lat_udeg IS NULL THEN 0e0 ELSE 20000e0 END AS uncertainty_m,
  t.old_name, t.new_name, t.old_callsign, t.new_callsign, t.old_imo, t.new_imo, t.type_changed, t.hull,
  t.old_imo IS NOT NULL AS hull_changed, t.kinds >= 2 AS several_changed, t.kinds = 1 AND t.old_name IS NOT NULL AS only_name,
  t.kind = 2 AND NOT t.at_once AS passed_on, t.kind = 2 AND t.at_once AS both_at_once,
  COALESCE(w.way_nm > 3e0, FALSE) AS under_way
FROM told AS t LEFT JOIN whereabouts AS w ON w.kind = t.kind AND w.mmsi = t.mmsi AND w.key_ms = t.key_ms

-- Another destination typed while the ship was under way, in the middle of its voyage.
WITH said AS (
  SELECT mmsi, ts, UPPER(TRIM(destination)) AS word FROM identity WHERE LENGTH(TRIM(destination)) > 1),
several AS (SELECT mmsi FROM said GROUP BY mmsi HAVING COUNT(DISTINCT word) > 1),
ordered AS (
  SELECT s.mmsi, s.ts, s.word, LAG(s.word) OVER (PARTITION BY s.mmsi ORDER BY s.ts, s.word) AS p_word
  FROM said AS s JOIN several AS n ON n.mmsi = s.mmsi),
numbered AS (
  SELECT mmsi, ts, word, SUM(CASE WHEN word = p_word THEN 0 ELSE 1 END)
    OVER (PARTITION BY mmsi ORDER BY ts, word ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS spell
  FROM ordered),
spells AS (
  SELECT mmsi, spell, word, MIN(ts) AS first_ms, MAX(ts) AS last_ms
  FROM numbered GROUP BY mmsi, spell, word HAVING COUNT(DISTINCT ts) >= $least_reports),
lagged AS (
  SELECT mmsi, word, first_ms, LAG(word) OVER w AS p_word, LAG(last_ms) OVER w AS p_last_ms
  FROM spells WINDOW w AS (PARTITION BY mmsi ORDER BY spell)),
changes AS (
  SELECT mmsi, word, p_word, p_last_ms, first_ms, floor_div(first_ms, 3600000) AS hour
  FROM lagged WHERE word <> p_word),
often AS (SELECT mmsi FROM changes GROUP BY mmsi HAVING COUNT(*) > $most_changes),
around AS (
  SELECT c.mmsi, c.first_ms, MIN(h.dist_m / 1852e0 / (h.followed_ms / 3600000e0)) AS slowest_kn,
    COUNT(DISTINCT h.hour) AS hours, SUM(h.dist_m) / 1852e0 AS way_nm, MIN(h.min_lat_udeg) AS south,
    MAX(h.max_lat_udeg) AS north, MIN(h.min_lon_udeg) AS west
  FROM changes AS c JOIN hourly AS h ON h.mmsi = c.mmsi
  WHERE h.hour >= c.hour - $around_h AND h.hour <= c.hour + $around_h AND h.followed_ms > 600000
  GROUP BY c.mmsi, c.first_ms)
SELECT c.mmsi AS key_0, c.first_ms AS key_1, c.mmsi, c.p_last_ms AS started_ms, c.first_ms AS ended_ms, a.south AS lat_udeg,
  a.west AS lon_udeg, a.way_nm * 1852e0 / 2e0 AS uncertainty_m, c.p_word AS old_destination, c.word AS new_destination,
  a.way_nm / a.hours AS mean_kn, c.word LIKE '%' || c.p_word || '%' OR c.p_word LIKE '%' || c.word || '%' AS is_spelling
FROM changes AS c JOIN around AS a ON a.mmsi = c.mmsi AND a.first_ms = c.first_ms
WHERE a.slowest_kn >= $under_way_kn AND a.hours >= 2 * $around_h AND c.mmsi NOT IN (SELECT mmsi FROM often)

-- Vessels whose number or name is on the watchlist: one row an entry, vessel and day in UTC.
WITH entries AS (
  SELECT entry_id, record, listed_mmsi, listed_imo, call_key, name_key, figures, name_edits, until_ms FROM (
    SELECT entry_id, record, listed_mmsi, listed_imo, call_key, name_key, figures, name_edits, until_ms,
      ROW_NUMBER() OVER (PARTITION BY entry_id
        ORDER BY record, listed_mmsi, listed_imo, call_key, name_key, figures, name_edits, until_ms) AS nth
    FROM watch) AS numbered
  WHERE nth = 1),
days AS (
  SELECT mmsi, floor_div(hour, 24) AS day, MIN(first_ms) AS first_ms, MAX(last_ms) AS last_ms, MAX(ship) AS ship
  FROM hourly GROUP BY mmsi, floor_div(hour, 24)),
heard AS (
  SELECT mmsi, day, MIN(first_ms) AS first_ms, MAX(last_ms) AS last_ms, MAX(ship) AS ship
  FROM (SELECT mmsi, day, first_ms, last_ms, ship FROM days
    UNION ALL SELECT mmsi, day, first_ms, last_ms, CAST(0 AS BIGINT) AS ship FROM calling) AS both_ways
  GROUP BY mmsi, day),
names AS (
  SELECT DISTINCT name_key, figures FROM calling WHERE LENGTH(name_key) > 0),
alike AS (
  SELECT w.entry_id, n.name_key, CAST(0 AS BIGINT) AS edits FROM entries AS w JOIN names AS n ON n.name_key = w.name_key
  UNION ALL
  SELECT w.entry_id, n.name_key, CAST(LEVENSHTEIN(w.name_key, n.name_key) AS BIGINT) AS edits
  FROM entries AS w JOIN names AS n ON n.figures = w.figures
  WHERE w.name_edits > 0 AND n.name_key <> w.name_key AND ABS(LENGTH(n.name_key) - LENGTH(w.name_key)) <= w.name_edits
    AND LEVENSHTEIN(w.name_key, n.name_key) <= w.name_edits),
signs AS (
  SELECT w.entry_id, h.mmsi, h.day, 1 AS by_mmsi, 0 AS by_imo, 0 AS by_call, CAST(NULL AS BIGINT) AS edits, CAST(NULL AS BIGINT) AS letters
  FROM entries AS w JOIN heard AS h ON h.mmsi = w.listed_mmsi
  UNION ALL
  SELECT w.entry_id, c.mmsi, c.day, 0, 1, 0, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT) FROM entries AS w JOIN calling AS c ON c.imo = w.listed_imo
  UNION ALL
  SELECT w.entry_id, c.mmsi, c.day, 0, 0, 1, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT)
  FROM entries AS w JOIN calling AS c ON c.call_key = w.call_key WHERE LENGTH(w.call_key) > 0
  UNION ALL
  SELECT a.entry_id, c.mmsi, c.day, 0, 0, 0, a.edits, LENGTH(a.name_key) FROM alike AS a JOIN calling AS c ON c.name_key = a.name_key),
bearers AS (SELECT entry_id, COUNT(DISTINCT mmsi) AS bearers FROM signs WHERE edits IS NOT NULL GROUP BY entry_id),
hits AS (
  SELECT entry_id, mmsi, day, MAX(by_mmsi) = 1 AS by_mmsi, MAX(by_imo) = 1 AS by_imo, MAX(by_call) = 1 AS by_call, MIN(edits) AS edits,
    MAX(letters) AS letters
  FROM signs GROUP BY entry_id, mmsi, day),
others AS (
  SELECT t.entry_id, t.mmsi, t.day,
    MAX(CASE WHEN c.imo BETWEEN 1000000 AND 9999999 AND c.imo <> w.listed_imo THEN 1 ELSE 0 END) = 1 AS other_imo,
    MAX(CASE WHEN LENGTH(c.call_key) > 0 AND c.call_key <> w.call_key THEN 1 ELSE 0 END) = 1 AS other_call,
    MAX(CASE WHEN LENGTH(c.name_key) > 0 AND LENGTH(w.name_key) > 0 THEN 1 ELSE 0 END) = 1 AS a_name
  FROM hits AS t JOIN calling AS c ON c.mmsi = t.mmsi AND c.day = t.day JOIN entries AS w ON w.entry_id = t.entry_id
  GROUP BY t.entry_id, t.mmsi, t.day),
places AS (
  SELECT k.mmsi, k.day, k.lat_udeg, k.lon_udeg FROM (
    SELECT t.mmsi, floor_div(t.ts, 86400000) AS day, t.lat_udeg, t.lon_udeg,
      ROW_NUMBER() OVER (PARTITION BY t.mmsi, floor_div(t.ts, 86400000) ORDER BY t.ts, t.lat_udeg, t.lon_udeg) AS nth
    FROM track AS t JOIN (SELECT DISTINCT mmsi FROM hits) AS m ON m.mmsi = t.mmsi) AS k
  WHERE k.nth = 1),
life AS (SELECT mmsi, MAX(day) AS day FROM heard GROUP BY mmsi)
SELECT t.entry_id AS key_0, t.mmsi AS key_1, t.day AS key_2, t.mmsi, v.name, v.callsign, v.imo, h.first_ms AS started_ms,
  CASE WHEN l.day > t.day THEN h.last_ms END AS ended_ms, p.lat_udeg, p.lon_udeg,
  CASE WHEN p.lat_udeg IS NULL THEN 0e0 ELSE 200e0 END AS uncertainty_m, w.record AS entry_record, t.by_mmsi, t.by_imo, t.by_call,
  COALESCE(t.edits = 0, FALSE) AS same_name, COALESCE(t.edits > 0, FALSE) AS alike_name, t.edits,
  1e0 - CAST(t.edits AS DOUBLE) / GREATEST(t.letters, LENGTH(w.name_key)) AS likeness,
  NOT t.by_mmsi AND NOT t.by_imo AND NOT t.by_call AS only_name,
  t.by_mmsi AND NOT t.by_imo AND NOT t.by_call AND t.edits IS NULL AS only_mmsi,
  COALESCE(b.bearers, 0) AS bearers, COALESCE(b.bearers, 0) > 1 AND t.edits IS NOT NULL AS has_homonyms,
  COALESCE(o.other_imo, FALSE) AND NOT t.by_imo AS other_imo, COALESCE(o.other_call, FALSE) AND NOT t.by_call AS other_call,
  COALESCE(w.listed_mmsi <> t.mmsi, FALSE) AS other_mmsi, COALESCE(o.a_name, FALSE) AND t.edits IS NULL AS other_name, h.ship > 0 AS is_shared
FROM hits AS t JOIN entries AS w ON w.entry_id = t.entry_id JOIN heard AS h ON h.mmsi = t.mmsi AND h.day = t.day
JOIN life AS l ON l.mmsi = t.mmsi LEFT JOIN bearers AS b ON b.entry_id = t.entry_id
LEFT JOIN others AS o ON o.entry_id = t.entry_id AND o.mmsi = t.mmsi AND o.day = t.day
LEFT JOIN places AS p ON p.mmsi = t.mmsi AND p.day = t.day LEFT JOIN vessel AS v ON v.mmsi = t.mmsi
WHERE COALESCE(h.first_ms < w.until_ms, TRUE)

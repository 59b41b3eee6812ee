-- The last two reports of the old destination and the first two of the new one.
WITH reports AS (
  SELECT s.key_0, s.key_1, i.source, i."offset", i."length", i.ts AS at_ms, CASE WHEN i.ts <= s.started_ms THEN 0 ELSE 1 END AS late,
    CASE WHEN i.ts <= s.started_ms THEN s.started_ms - i.ts ELSE i.ts - s.ended_ms END AS off_ms
  FROM signal AS s JOIN identity AS i ON i.mmsi = s.mmsi
  WHERE (i.ts <= s.started_ms OR i.ts >= s.ended_ms) AND LENGTH(TRIM(i.destination)) > 1),
numbered AS (
  SELECT key_0, key_1, source, "offset", "length", at_ms,
    ROW_NUMBER() OVER (PARTITION BY key_0, key_1, late ORDER BY off_ms, at_ms, source, "offset") AS nth
  FROM reports)
SELECT key_0, key_1, source, "offset", "length", at_ms, CAST(NULL AS VARCHAR) AS receiver FROM numbered WHERE nth <= 2

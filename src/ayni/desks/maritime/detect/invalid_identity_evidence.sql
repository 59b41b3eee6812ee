-- The first three reports that bore the number.
WITH reports AS (
  SELECT s.key_0, s.key_1, s.key_2, i.source, i."offset", i."length", i.ts AS at_ms, CAST(NULL AS VARCHAR) AS receiver
  FROM signal AS s JOIN identity AS i ON i.mmsi = s.mmsi AND i.imo = s.key_2 WHERE s.key_1 = 1
  UNION ALL
  SELECT s.key_0, s.key_1, s.key_2, p.source, p."offset", p."length", p.ts, p.receiver
  FROM signal AS s JOIN position AS p ON p.mmsi = s.mmsi AND p.ts >= s.started_ms AND p.ts <= s.started_ms + 3600000
  WHERE s.key_1 > 1),
numbered AS (
  SELECT key_0, key_1, key_2, source, "offset", "length", at_ms, receiver,
    ROW_NUMBER() OVER (PARTITION BY key_0, key_1, key_2 ORDER BY at_ms, source, "offset") AS nth
  FROM reports)
SELECT key_0, key_1, key_2, source, "offset", "length", at_ms, receiver FROM numbered WHERE nth <= 3

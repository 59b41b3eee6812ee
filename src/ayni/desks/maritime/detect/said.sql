-- What each vessel said of itself: every value of every property, when it was first and last sent, and how often.
SELECT mmsi, 'name' AS what, name AS value, MIN(ts) AS first_ms, MAX(ts) AS last_ms, COUNT(*) AS times
FROM identity WHERE name IS NOT NULL GROUP BY mmsi, name
UNION ALL
SELECT mmsi, 'callSign' AS what, callsign AS value, MIN(ts) AS first_ms, MAX(ts) AS last_ms, COUNT(*) AS times
FROM identity WHERE callsign IS NOT NULL GROUP BY mmsi, callsign
UNION ALL
SELECT mmsi, 'imoNumber' AS what, CAST(imo AS VARCHAR) AS value, MIN(ts) AS first_ms, MAX(ts) AS last_ms, COUNT(*) AS times
FROM identity WHERE imo IS NOT NULL GROUP BY mmsi, imo
UNION ALL
SELECT mmsi, 'destination' AS what, destination AS value, MIN(ts) AS first_ms, MAX(ts) AS last_ms, COUNT(*) AS times
FROM identity WHERE destination IS NOT NULL GROUP BY mmsi, destination

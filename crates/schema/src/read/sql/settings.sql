-- Everything that pg_get_expr and its relatives let a session decide. pg_temp comes last, because
-- otherwise a temporary table would hide the table of the same name.
SET LOCAL search_path TO public, pg_temp;
SET LOCAL quote_all_identifiers TO off;
SET LOCAL standard_conforming_strings TO on;
SET LOCAL "DateStyle" TO 'ISO, YMD';
SET LOCAL "IntervalStyle" TO 'postgres';
SET LOCAL "TimeZone" TO 'UTC';
SET LOCAL bytea_output TO hex;
SET LOCAL extra_float_digits TO 1;
SET LOCAL lc_monetary TO 'C';

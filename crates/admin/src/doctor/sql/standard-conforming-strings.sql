SELECT reset_val AS value FROM pg_settings WHERE name = 'standard_conforming_strings';

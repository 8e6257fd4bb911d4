-- A copy of a production database must not talk to Tribe.
UPDATE tribe_connection SET mode = 'off';
UPDATE tribe_credential
   SET client_id = NULL, client_secret = NULL, access_token = NULL, token_expires_at = NULL,
       webhook_secret = NULL, webhook_token = NULL;

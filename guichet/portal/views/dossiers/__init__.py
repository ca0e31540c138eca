"""« Mes Démarches »: the dashboard, the forms, the page of a dossier."""

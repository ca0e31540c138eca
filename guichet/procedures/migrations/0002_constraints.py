from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('procedures', '0001_initial'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='piecerequest',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('dossier',), name='one_running_piece_request'),
        ),
        migrations.AddConstraint(
            model_name='piece',
            constraint=models.UniqueConstraint(fields=('dossier', 'code'), name='piece_once'),
        ),
        migrations.AddConstraint(
            model_name='procedureversion',
            constraint=models.UniqueConstraint(fields=('procedure', 'number'), name='procedure_version_once'),
        ),
        migrations.AddConstraint(
            model_name='procedureversion',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['draft', 'in_review'])), fields=('procedure',), name='one_procedure_draft'),
        ),
        migrations.AddConstraint(
            model_name='procedureversion',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'published')), fields=('procedure',), name='one_procedure_in_service'),
        ),
        migrations.AddIndex(
            model_name='dossier',
            index=models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['applicant', '-moved_at', '-id'], name='dossiers_running'),
        ),
        migrations.AddIndex(
            model_name='dossier',
            index=models.Index(condition=models.Q(('closed_at__isnull', False)), fields=['applicant', '-closed_at', '-id'], name='dossiers_over'),
        ),
        migrations.AddIndex(
            model_name='dossier',
            index=models.Index(condition=models.Q(('closed_at__isnull', True), models.Q(('phase', 'draft'), _negated=True)), fields=['procedure', 'phase', 'received_at', 'id'], name='dossiers_to_appraise'),
        ),
        migrations.AddIndex(
            model_name='dossier',
            index=models.Index(condition=models.Q(('closed_at__isnull', True), ('officer__isnull', False)), fields=['officer', 'received_at', 'id'], name='dossiers_of_officer'),
        ),
        migrations.AddIndex(
            model_name='dossier',
            index=models.Index(condition=models.Q(('phase', 'draft')), fields=['saved_at'], name='dossier_drafts'),
        ),
        migrations.AddIndex(
            model_name='dossier',
            index=models.Index(fields=['procedure', 'applicant', '-filed_at'], name='dossiers_of_a_scheme'),
        ),
        migrations.AddConstraint(
            model_name='dossier',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('phase', 'draft'), ('reference__isnull', True)), models.Q(('reference__isnull', False), models.Q(('phase', 'draft'), _negated=True)), _connector='OR'), name='dossier_filed_has_number'),
        ),
        migrations.AddConstraint(
            model_name='dossier',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', False), ('phase', 'closed')), models.Q(models.Q(('phase', 'closed'), _negated=True), ('closed_at__isnull', True)), _connector='OR'), name='dossier_closed_has_date'),
        ),
        migrations.AddConstraint(
            model_name='dossier',
            constraint=models.UniqueConstraint(condition=models.Q(('external_id__isnull', False)), fields=('procedure', 'external_id'), name='dossier_imported_once'),
        ),
        migrations.AddConstraint(
            model_name='said',
            constraint=models.UniqueConstraint(fields=('dossier', 'what'), name='said_once'),
        ),
        migrations.AddConstraint(
            model_name='seat',
            constraint=models.UniqueConstraint(fields=('sitting', 'dossier'), name='seated_once'),
        ),
    ]

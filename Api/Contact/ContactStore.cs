using Api.Data;
using Dapper;
using NodaTime.Extensions;

namespace Api.Contact;

/// <summary>All SQL on submissions.</summary>
sealed class ContactStore(Database db, TimeProvider time)
{
    /// <summary>Stores a submission that the validator has passed. When the task completes, it is on disk.</summary>
    /// <returns>The receipt, or <c>null</c> when the location is gone since it was validated.</returns>
    public Task<ContactReceipt?> AddAsync(ContactSubmission submission, CancellationToken ct)
    {
        var received = time.GetCurrentInstant().ToStoredPrecision();
        return db.WriteAsync(connection =>
        {
            // A reference that exists already is a matter of once in a million years, and costs one more turn.
            while (true)
            {
                var reference = Reference.New();
                var added = connection.Prepared(
                    """
                    INSERT INTO submissions (reference, location_id, name, email, telephone, preferred_contact, message,
                                             consent, received_at)
                    SELECT @reference, l.id, @name, @email, @telephone, @preferredContact, @message, @consent, @received
                    FROM locations l
                    WHERE l.slug = @location
                    ON CONFLICT (reference) DO NOTHING
                    """,
                    ("@reference", reference),
                    ("@name", submission.Name),
                    ("@email", submission.Email),
                    ("@telephone", submission.Telephone),
                    ("@preferredContact", submission.PreferredContact == PreferredContact.Email ? "email" : "telephone"),
                    ("@message", submission.Message),
                    ("@consent", submission.Consent),
                    ("@received", SqlTypes.ToColumn(received)),
                    ("@location", submission.Location)).ExecuteNonQuery();
                if (added == 1) return new ContactReceipt(reference, received, submission.Location!);
                if (!connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM locations WHERE slug = @Location)", new { submission.Location }))
                    return null;
            }
        }, ct);
    }
}

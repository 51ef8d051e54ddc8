using Api.Http;
using CsvHelper;
using NodaTime;
using NodaTime.Text;

namespace Api.Contact.Inbox;

/// <summary>
/// Writes messages as a table: CSV (RFC 4180) in UTF-8 with a byte order mark, so that spreadsheets read every script.
/// A text that a spreadsheet would run as a formula begins with an apostrophe. Page by page, so that any number of
/// messages needs little memory.
/// </summary>
sealed class InboxExport(InboxStore store, SubmissionSeal seal)
{
    public const string MediaType = "text/csv";

    const int PageSize = 500;

    static readonly CsvWriterOptions Options = new() { WriteByteOrderMark = true, Injection = CsvInjection.Escape };

    static readonly string[] Columns =
    [
        "reference",
        "location",
        "receivedAt",
        "replyBy",
        "state",
        "assignee",
        "handledAt",
        "handledBy",
        "language",
        "name",
        "email",
        "telephone",
        "extension",
        "preferredContact",
        "message",
    ];

    /// <summary>Writes the table, newest messages first.</summary>
    public async Task WriteAsync(Stream output, InboxFilter filter, InboxUser user, Instant now, CancellationToken ct)
    {
        await using var csv = CsvWriter.Create(output, Options, leaveOpen: true);
        csv.WriteHeader(Columns);
        (Instant, string)? after = null;
        while (true)
        {
            var rows = await store.FindAsync(filter, after, PageSize, user, now, ct);
            foreach (var row in rows)
                await WriteAsync(csv, row, ct);
            if (rows.Count < PageSize)
                return;
            after = (rows[^1].ReceivedAt, rows[^1].Reference);
        }
    }

    async Task WriteAsync(CsvWriter csv, InboxRow row, CancellationToken ct)
    {
        var content = seal.TryOpen(row.Reference, row.Sealed);
        csv.WriteField(row.Reference);
        csv.WriteField(row.Location);
        csv.WriteField(Format(row.ReceivedAt));
        csv.WriteField(Format(row.ReplyBy));
        csv.WriteField(Json.NameOf(row.State));
        csv.WriteField(row.Assignee);
        csv.WriteField(Format(row.HandledAt));
        csv.WriteField(row.HandledBy is { } by ? Json.NameOf(by) : null);
        csv.WriteField(row.Language);
        csv.WriteField(content?.Name);
        csv.WriteField(content?.Email);
        csv.WriteField(content?.Telephone);
        csv.WriteField(content?.Extension);
        csv.WriteField(content is null ? null : Json.NameOf(content.PreferredContact));
        csv.WriteField(content?.Message);
        // Now and then it writes to the client, which must not hold up the thread.
        await csv.EndRecordAsync(ct);
    }

    static string? Format(Instant? instant) => instant is { } value ? InstantPattern.ExtendedIso.Format(value) : null;
}

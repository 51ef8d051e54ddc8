using System.CommandLine;
using System.Globalization;
using Api.Contact;
using Api.Data;
using Api.Data.Sqlite;
using Microsoft.Extensions.Options;
using NodaTime;
using NodaTime.Extensions;

namespace Api.CommandLine;

/// <summary>
/// Submissions at the command line, for whoever runs the program on the machine that has the database and its keys. Each prints
/// what it found or did, and returns the exit code.
/// </summary>
static class SubmissionVerbs
{
    const int Newest = 100;

    delegate Task<int> SubmissionVerb(WebApplication app, string reference, TextWriter output, CancellationToken ct);

    public static Command Create(VerbRunner runner)
    {
        var quarantine = new Argument<string?>("which")
        {
            Description = "quarantine: those that look like spam.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        quarantine.AcceptOnlyFromAmong("quarantine");
        var reference = new Argument<string>("reference") { Description = "The submission's reference, like 7K3Q-X9MZ-2TBV." };
        return new Command("submissions", "The messages that were received.")
        {
            runner.Create(
                "list",
                "Lists the newest 100, or those in quarantine: list quarantine.",
                (app, parsed, ct) => ListAsync(app, parsed.GetValue(quarantine) is not null, Console.Out, ct),
                quarantine),
            OfOne("show", "Prints a submission with what the sender wrote.", ShowAsync),
            runner.Create(
                "find",
                "Finds what a person sent, by the e-mail address or telephone number on standard input.",
                (app, _, ct) => FindAsync(app, Console.In, Console.Out, ct)),
            OfOne("handled", "Marks a submission as handled.", HandledAsync),
            OfOne("release", "Takes a submission out of quarantine and notifies the staff.", ReleaseAsync),
            OfOne("erase", "Erases a submission.", EraseAsync),
        };

        Command OfOne(string name, string description, SubmissionVerb verb) => runner.Create(
            name,
            description,
            (app, parsed, ct) => verb(app, parsed.GetRequiredValue(reference).ToUpperInvariant(), Console.Out, ct),
            reference);
    }

    /// <summary>Lists the newest and says how many are in quarantine, or lists those. Nothing that a sender wrote is in the list.</summary>
    public static async Task<int> ListAsync(WebApplication app, bool quarantined, TextWriter output, CancellationToken ct)
    {
        var store = await PrepareAsync(app);
        await PrintAsync(output, await store.ListAsync(quarantined, Newest, ct));
        if (!quarantined && await store.CountQuarantinedAsync(ct) is var count and > 0)
            await output.WriteLineAsync($"{count} {(count == 1 ? "message is" : "messages are")} in quarantine: submissions list quarantine shows {(count == 1 ? "it" : "them")}.");
        return 0;
    }

    /// <summary>
    /// Finds all that a person has sent. The e-mail address or telephone number is read from standard input, since what is
    /// given to a command is kept by the shell and seen by everybody on the machine.
    /// </summary>
    public static async Task<int> FindAsync(WebApplication app, TextReader input, TextWriter output, CancellationToken ct)
    {
        var sender = (await input.ReadLineAsync(ct))?.Trim() ?? "";
        var isEmail = sender.Contains('@', StringComparison.Ordinal);
        var telephone = isEmail ? null : TelephoneNumber.Read(sender, app.Services.GetRequiredService<IOptions<ContactOptions>>().Value.TelephoneRegion);
        if (!isEmail && telephone is null) throw new StartupFault("Give an e-mail address or a telephone number on standard input.");
        await PrintAsync(output, await (await PrepareAsync(app)).FindBySenderAsync(isEmail ? sender : null, telephone?.E164, ct));
        return 0;
    }

    /// <summary>Prints a submission with what the sender wrote.</summary>
    public static async Task<int> ShowAsync(WebApplication app, string reference, TextWriter output, CancellationToken ct)
    {
        var store = await PrepareAsync(app);
        if (await store.FindAsync(reference, ct) is not { } stored || await store.OpenAsync(reference, ct) is not { } content) throw Missing(reference);
        var telephone = content.Extension is null ? content.Telephone : $"{content.Telephone} ext. {content.Extension}";
        await output.WriteLineAsync(
            $"""
            Reference:  {stored.Reference}
            Location:   {stored.Location}
            Received:   {Of(stored.ReceivedAt)}
            Reply by:   {Of(stored.ReplyBy)}
            Handled:    {Of(stored.HandledAt)}
            Language:   {stored.Language}
            Name:       {content.Name}
            E-mail:     {content.Email ?? "-"}
            Telephone:  {telephone ?? "-"}
            Preferred:  {content.PreferredContact.ToString().ToLowerInvariant()}

            {content.Message}
            """);
        return 0;
    }

    /// <summary>Marks a submission as handled, which its receipt then says.</summary>
    public static async Task<int> HandledAsync(WebApplication app, string reference, TextWriter output, CancellationToken ct)
    {
        if (!await (await PrepareAsync(app)).MarkHandledAsync(reference, Now(app), ct)) throw Missing(reference, " that is not handled yet");
        await output.WriteLineAsync($"{reference} is marked as handled.");
        return 0;
    }

    /// <summary>Lets a submission that was taken for spam count as a message after all, and has it delivered.</summary>
    public static async Task<int> ReleaseAsync(WebApplication app, string reference, TextWriter output, CancellationToken ct)
    {
        if (!await (await PrepareAsync(app)).ReleaseAsync(reference, Now(app), ct)) throw Missing(reference, " in quarantine");
        await output.WriteLineAsync($"{reference} is released.");
        return 0;
    }

    /// <summary>Removes a submission for good.</summary>
    public static async Task<int> EraseAsync(WebApplication app, string reference, TextWriter output, CancellationToken ct)
    {
        if (!await (await PrepareAsync(app)).EraseAsync(reference, Now(app), ct)) throw Missing(reference);
        await output.WriteLineAsync($"{reference} is erased. Backups from before still have it.");
        if (await app.Services.GetRequiredService<LogTruncation>().OwedSinceAsync(ct) is not null)
            await output.WriteLineAsync("Something else is reading the database, so the log may have traces of it. The server removes them as soon as it can; the verb check tells.");
        return 0;
    }

    static async Task<ContactStore> PrepareAsync(WebApplication app)
    {
        app.Services.GetRequiredService<SqliteDatabase>().RequireFile();
        app.Services.GetRequiredService<Migrator>().Migrate();
        await Startup.PrepareMessagesAsync(app);
        return app.Services.GetRequiredService<ContactStore>();
    }

    static Instant Now(WebApplication app) => app.Services.GetRequiredService<TimeProvider>().GetCurrentInstant();

    static StartupFault Missing(string reference, string which = "") => new($"There is no submission {reference}{which}.");

    static async Task PrintAsync(TextWriter output, IReadOnlyList<SubmissionSummary> submissions)
    {
        foreach (var submission in submissions)
        {
            var state = submission.QuarantinedFor is { } reason ? $"quarantined: {reason}" : submission.HandledAt is null ? $"reply by {Of(submission.ReplyBy)}" : "handled";
            await output.WriteLineAsync($"{submission.Reference}  {Of(submission.ReceivedAt)}  {submission.Location}  {state}");
        }
    }

    static string Of(Instant? instant) => instant?.ToString("uuuu-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "-";
}

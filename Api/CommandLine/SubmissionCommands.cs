using System.CommandLine;
using System.Globalization;
using Api.Contact;
using Api.Contact.Housekeeping;
using Api.Contact.Inbox;
using Api.Data;
using Microsoft.Extensions.Options;
using NodaTime;
using NodaTime.Extensions;

namespace Api.CommandLine;

/// <summary>
/// The commands about submissions, for people on the machine that has the database and its keys. Each prints what it
/// found or did, and returns the exit code.
/// </summary>
static class SubmissionCommands
{
    const int LongestList = 100;

    static readonly string[] Settings =
    [
        "Database:ConnectionString",
        "Database:Folder",
        "Keys:Folder",
        "Keys:Certificates",
    ];

    delegate Task<int> SubmissionCommand(WebApplication app, string reference, TextWriter output, CancellationToken ct);

    public static Command Create(CommandRunner runner)
    {
        var quarantine = new Argument<string?>("quarantine")
        {
            Description = "The word quarantine: those that look like spam, instead of the newest.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        quarantine.AcceptOnlyFromAmong("quarantine");
        var reference = new Argument<string>("reference")
        {
            Description = "The submission's reference, like 7K3Q-X9MZ-2TBV.",
        };
        return new Command("submissions", "The messages that were received.")
        {
            runner.Create(
                "list",
                "Lists the newest 100 submissions, or those in quarantine.",
                new CommandHelp("quarantine", Settings),
                (app, parsed, ct) => ListAsync(app, parsed.GetValue(quarantine) is not null, Console.Out, ct),
                quarantine
            ),
            OfOne("show", "Prints a submission with what the sender wrote.", ShowAsync),
            runner.Create(
                "find",
                "Finds what a person sent, by the e-mail address or telephone number on standard input.",
                new CommandHelp("< address.txt", [.. Settings, "Contact:TelephoneRegion"]),
                (app, _, ct) => FindAsync(app, Console.In, Console.Out, ct)
            ),
            OfOne("handled", "Marks a submission as handled.", MarkHandledAsync),
            OfOne("release", "Takes a submission out of quarantine and notifies the staff.", ReleaseAsync),
            OfOne("erase", "Erases a submission.", EraseAsync),
        };

        Command OfOne(string name, string description, SubmissionCommand command) =>
            runner.Create(
                name,
                description,
                new CommandHelp("7K3Q-X9MZ-2TBV", Settings),
                (app, parsed, ct) =>
                    command(app, parsed.GetRequiredValue(reference).ToUpperInvariant(), Console.Out, ct),
                reference
            );
    }

    /// <summary>
    /// Lists the newest submissions and counts those in quarantine, or lists those. The list has nothing that a sender
    /// wrote.
    /// </summary>
    public static async Task<int> ListAsync(
        WebApplication app,
        bool quarantined,
        TextWriter output,
        CancellationToken ct
    )
    {
        var inbox = await PrepareAsync(app);
        await PrintAsync(output, await inbox.ListAsync(quarantined, LongestList, ct));
        if (quarantined)
            return 0;

        var count = await inbox.CountQuarantinedAsync(ct);
        if (count == 1)
            await output.WriteLineAsync("1 message is in quarantine: submissions list quarantine shows it.");
        if (count > 1)
            await output.WriteLineAsync($"{count} messages are in quarantine: submissions list quarantine shows them.");
        return 0;
    }

    /// <summary>
    /// Finds a person's submissions. The e-mail address or telephone number is read from standard input: the shell
    /// keeps arguments in its history, and everybody on the machine sees them.
    /// </summary>
    public static async Task<int> FindAsync(
        WebApplication app,
        TextReader input,
        TextWriter output,
        CancellationToken ct
    )
    {
        // The console's own asynchronous read blocks, and Ctrl-C would not end it.
        var line = await Task.Run(input.ReadLine, ct).WaitAsync(ct);
        var sender = line?.Trim() ?? "";
        var isEmail = sender.Contains('@', StringComparison.Ordinal);
        var region = app.Services.GetRequiredService<IOptions<ContactOptions>>().Value.TelephoneRegion;
        var telephone = isEmail ? null : TelephoneNumber.Read(sender, region);
        if (!isEmail && telephone is null)
            throw new StartupFault("Give an e-mail address or a telephone number on standard input.");
        var inbox = await PrepareAsync(app);
        await PrintAsync(output, await inbox.FindBySenderAsync(isEmail ? sender : null, telephone?.E164, ct));
        return 0;
    }

    /// <summary>Prints a submission with what the sender wrote.</summary>
    public static async Task<int> ShowAsync(
        WebApplication app,
        string reference,
        TextWriter output,
        CancellationToken ct
    )
    {
        var inbox = await PrepareAsync(app);
        var stored =
            await app.Services.GetRequiredService<ContactStore>().FindAsync(reference, ct) ?? throw NotFound(reference);
        var content = await inbox.OpenAsync(reference, ct) ?? throw NotFound(reference);
        var telephone = content.Extension is null ? content.Telephone : $"{content.Telephone} ext. {content.Extension}";
        await output.WriteLineAsync(
            $"""
            Reference:  {stored.Reference}
            Location:   {stored.Location}
            Received:   {Format(stored.ReceivedAt)}
            Reply by:   {Format(stored.ReplyBy)}
            Handled:    {Format(stored.HandledAt)}
            Language:   {stored.Language}
            Name:       {content.Name}
            E-mail:     {content.Email ?? "-"}
            Telephone:  {telephone ?? "-"}
            Preferred:  {content.PreferredContact.ToString().ToLowerInvariant()}

            {content.Message}
            """
        );
        return 0;
    }

    /// <summary>Marks a submission as handled, which its receipt then shows.</summary>
    public static async Task<int> MarkHandledAsync(
        WebApplication app,
        string reference,
        TextWriter output,
        CancellationToken ct
    )
    {
        var inbox = await PrepareAsync(app);
        if (!await inbox.MarkHandledAsync(reference, Now(app), ct))
            throw NotFound(reference, " that is not handled yet");
        await output.WriteLineAsync($"{reference} is marked as handled.");
        return 0;
    }

    /// <summary>Takes a submission out of quarantine, and notifies the staff of its location.</summary>
    public static async Task<int> ReleaseAsync(
        WebApplication app,
        string reference,
        TextWriter output,
        CancellationToken ct
    )
    {
        var inbox = await PrepareAsync(app);
        if (!await inbox.ReleaseAsync(reference, Now(app), ct))
            throw NotFound(reference, " in quarantine");
        await output.WriteLineAsync($"{reference} is released.");
        return 0;
    }

    /// <summary>Removes a submission permanently.</summary>
    public static async Task<int> EraseAsync(
        WebApplication app,
        string reference,
        TextWriter output,
        CancellationToken ct
    )
    {
        var inbox = await PrepareAsync(app);
        if (!await inbox.EraseAsync(reference, Now(app), ct))
            throw NotFound(reference);
        await output.WriteLineAsync($"{reference} is erased. Backups from before still have it.");
        if (await app.Services.GetRequiredService<Database>().FindOldestTraceAsync(ct) is not null)
        {
            await output.WriteLineAsync(
                "Another program is reading the database, so its log may still have traces. "
                    + "The server removes them as soon as it can; the check command shows whether it has."
            );
        }
        return 0;
    }

    static async Task<InboxStore> PrepareAsync(WebApplication app)
    {
        app.Services.GetRequiredService<Database>().RequireExisting();
        app.Services.GetRequiredService<Migrator>().Migrate();
        await app.Services.GetRequiredService<MessageKeys>().PrepareAsync(CancellationToken.None);
        return app.Services.GetRequiredService<InboxStore>();
    }

    static Instant Now(WebApplication app) => app.Services.GetRequiredService<TimeProvider>().GetCurrentInstant();

    static StartupFault NotFound(string reference, string condition = "") =>
        new($"There is no submission {reference}{condition}.");

    static async Task PrintAsync(TextWriter output, IReadOnlyList<SubmissionSummary> submissions)
    {
        foreach (var submission in submissions)
        {
            var receivedAt = Format(submission.ReceivedAt);
            await output.WriteLineAsync(
                $"{submission.Reference}  {receivedAt}  {submission.Location}  {DescribeState(submission)}"
            );
        }
    }

    static string DescribeState(SubmissionSummary submission)
    {
        if (submission.QuarantinedFor is { } reason)
            return $"quarantined: {reason}";
        return submission.HandledAt is null ? $"reply by {Format(submission.ReplyBy)}" : "handled";
    }

    static string Format(Instant? instant) =>
        instant?.ToString("uuuu-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "-";
}

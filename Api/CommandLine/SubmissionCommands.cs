using System.CommandLine;
using System.Globalization;
using Api.Audit;
using Api.Contact;
using Api.Contact.Housekeeping;
using Api.Contact.Inbox;
using Api.Data;
using Api.Http;
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
                (app, parsed, ct) => command(app, ReadReference(parsed.GetRequiredValue(reference)), Console.Out, ct),
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
        SubmissionState[] states = quarantined
            ? [SubmissionState.Spam]
            : [SubmissionState.New, SubmissionState.Open, SubmissionState.Handled];
        await PrintAsync(
            app,
            output,
            new InboxFilter { States = states },
            AuditAction.SubmissionsListed,
            LongestList,
            ct
        );
        if (quarantined)
            return 0;

        var count = await inbox.CountSpamAsync(ct);
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
        var filter = new InboxFilter
        {
            States = Enum.GetValues<SubmissionState>(),
            Sender = inbox.HashSender(isEmail ? sender : null, telephone?.E164),
        };
        await PrintAsync(app, output, filter, AuditAction.SubmissionsSearched, int.MaxValue, ct);
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
        var opened = await inbox.OpenAsync(reference, InboxUser.Operator, Now(app), ct) ?? throw NotFound(reference);
        var stored = opened.Row;
        var content = app.Services.GetRequiredService<SubmissionSeal>().Open(reference, stored.Sealed);
        var notes = app.Services.GetRequiredService<NoteSeal>();
        var telephone = content.Extension is null ? content.Telephone : $"{content.Telephone} ext. {content.Extension}";
        await output.WriteLineAsync(
            $"""
            Reference:  {stored.Reference}
            Location:   {stored.Location}
            Received:   {Format(stored.ReceivedAt)}
            Reply by:   {Format(stored.ReplyBy)}
            State:      {Json.NameOf(stored.State)}
            Assignee:   {stored.Assignee ?? "-"}
            Handled:    {Format(stored.HandledAt)}
            Language:   {stored.Language}
            Name:       {content.Name}
            E-mail:     {content.Email ?? "-"}
            Telephone:  {telephone ?? "-"}
            Preferred:  {content.PreferredContact.ToString().ToLowerInvariant()}

            {content.Message}
            """
        );
        foreach (var note in opened.Notes)
        {
            var text = notes.TryOpen(Guid.Parse(note.Id), note.Sealed) ?? "(sealed with keys that are lost)";
            await output.WriteLineAsync($"\nNote of {note.Author}, {Format(note.WrittenAt)}\n{text}");
        }
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
        // How the sender was answered stays.
        if (await inbox.FindAsync(reference, InboxUser.Operator, ct) is not { State: SubmissionState.Handled })
            await SetStateAsync(app, inbox, reference, SubmissionState.Handled, ct);
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
        var found = await inbox.FindAsync(reference, InboxUser.Operator, ct);
        if (found?.State != SubmissionState.Spam)
            throw NotFound(reference, " in quarantine");
        await SetStateAsync(app, inbox, reference, SubmissionState.Open, ct);
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
        if (
            await inbox.EraseAsync(reference, versions: null, InboxUser.Operator, Now(app), ct)
            == ChangeOutcome.NotFound
        )
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

    static string ReadReference(string text) =>
        Reference.Read(text) ?? throw new StartupFault($"'{text}' is no reference: they look like 7K3Q-X9MZ-2TBV.");

    static Instant Now(WebApplication app) =>
        app.Services.GetRequiredService<TimeProvider>().GetCurrentInstant().ToStoredPrecision();

    static StartupFault NotFound(string reference, string condition = "") =>
        new($"There is no submission {reference}{condition}.");

    static async Task SetStateAsync(
        WebApplication app,
        InboxStore inbox,
        string reference,
        SubmissionState state,
        CancellationToken ct
    )
    {
        var change = new StateChange { State = state };
        var outcome = await inbox.SetStateAsync(reference, change, versions: null, InboxUser.Operator, Now(app), ct);
        if (outcome == ChangeOutcome.NotFound)
            throw NotFound(reference);
    }

    static async Task PrintAsync(
        WebApplication app,
        TextWriter output,
        InboxFilter filter,
        AuditAction action,
        int limit,
        CancellationToken ct
    )
    {
        var (inbox, audit) = (
            app.Services.GetRequiredService<InboxStore>(),
            app.Services.GetRequiredService<AuditStore>()
        );
        var found = await inbox.FindAsync(filter, after: null, limit, InboxUser.Operator, Now(app), ct);
        await audit.RecordAsync(new Deed(Actor.Operator, action, Details: InboxEndpoints.Describe(found)), ct);
        foreach (var submission in found)
        {
            var receivedAt = Format(submission.ReceivedAt);
            await output.WriteLineAsync(
                $"{submission.Reference}  {receivedAt}  {submission.Location}  {DescribeState(submission)}"
            );
        }
    }

    static string DescribeState(InboxRow submission) =>
        submission.State switch
        {
            SubmissionState.Spam => $"quarantined: {submission.QuarantinedFor ?? "by the staff"}",
            SubmissionState.Handled => "handled",
            SubmissionState.Open => $"open, reply by {Format(submission.ReplyBy)}",
            _ => $"reply by {Format(submission.ReplyBy)}",
        };

    static string Format(Instant? instant) =>
        instant?.ToString("uuuu-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "-";
}

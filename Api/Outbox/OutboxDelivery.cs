using System.Collections.Concurrent;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Outbox;

/// <summary>
/// Delivers what is in the outbox: one worker for mail and one for each webhook, so that none holds up another. Each claims what it
/// delivers, so that several processes on one database do not deliver the same. At least once: what was delivered but not yet marked
/// when the program ended is delivered again, with the same id.
/// </summary>
sealed partial class OutboxDelivery(
    OutboxStore store, OutboxSignal signal, MailOptions mail, WebhookOptions webhooks, MailSender mailSender, WebhookSender webhookSender,
    OutboxMetrics metrics, TimeProvider time, ILogger<OutboxDelivery> log) : BackgroundService
{
    /// <summary>How much is read at a time: a backlog of any size stays in the database.</summary>
    const int MailBatch = 50, WebhookBatch = 32;

    /// <summary>How many calls of one webhook are under way at once.</summary>
    const int CallsAtOnce = 4;

    /// <summary>How long a worker waits at most before it looks: the verbs write to the outbox too, and they are another process.</summary>
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long a worker leaves a receiver alone that is out of reach: as long as the plan waits for a second attempt. What has
    /// piled up meanwhile is not tried one by one against a wall, which would cost the senders of new messages their time.
    /// </summary>
    static readonly Duration OutOfReachPause = Duration.FromSeconds(5);

    /// <summary>A clock is this exact between two looks. Less than this by which it goes back can delay an attempt by no more.</summary>
    static readonly Duration ClockTolerance = Duration.FromSeconds(1);

    readonly TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Called when the database is ready. The verb openapi starts the host too, and must not deliver anything.</summary>
    public void Begin() => begun.TrySetResult();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await begun.Task.WaitAsync(stoppingToken);
            await InTrustAsync("The outbox", PrepareAsync, stoppingToken);
            await Task.WhenAll([WatchAsync(stoppingToken), .. Workers().Select(worker => WorkAsync(worker, stoppingToken))]);
        }
        catch (Exception) when (stoppingToken.IsCancellationRequested)
        {
            // What was under way is delivered again after the next start.
        }
    }

    /// <summary>Somebody who delivers.</summary>
    /// <param name="Name">What the log calls it.</param>
    /// <param name="Sources">The channels and targets that it is there for.</param>
    /// <param name="DeliverAsync">Delivers some of what is due.</param>
    sealed record Worker(string Name, (string Channel, string? Target)[] Sources, Func<Instant, CancellationToken, Task<Progress>> DeliverAsync);

    /// <summary>What came of a look at the outbox.</summary>
    /// <param name="Tried">Whether something was tried, so that there may be more.</param>
    /// <param name="OutOfReachAt">When the receiver was found to be out of reach; <c>null</c> when it was not.</param>
    readonly record struct Progress(bool Tried, Instant? OutOfReachAt);

    /// <summary>An attempt that has ended.</summary>
    readonly record struct Attempt(Outcome Outcome, Instant EndedAt);

    IEnumerable<Worker> Workers()
    {
        if (mail.IsOn)
        {
            (string, string?)[] sources = mail.Acknowledge ? [(Channel.Mail, null), (Channel.Acknowledgement, null)] : [(Channel.Mail, null)];
            yield return new Worker("Mail", sources, (now, ct) => DeliverMailAsync(sources, now, ct));
        }
        foreach (var endpoint in webhooks.Endpoints)
            yield return new Worker($"Webhook {endpoint.Name}", [(Channel.Webhook, endpoint.Name)], (now, ct) => CallAsync(endpoint, now, ct));
    }

    async Task WorkAsync(Worker worker, CancellationToken ct)
    {
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            var written = signal.NextAsync();
            var progress = default(Progress);
            var now = time.GetCurrentInstant();
            Instant? due = null;
            var trusted = await InTrustAsync(worker.Name, async ct =>
            {
                progress = await worker.DeliverAsync(now, ct);
                if (progress.Tried) return;
                foreach (var (channel, target) in worker.Sources)
                    if (await store.NextDueAsync(channel, target, now, ct) is { } next && !(due < next)) due = next;
            }, ct);
            // From the end of the attempt: a receiver that hangs has used up the pause otherwise.
            if (progress.OutOfReachAt is { } outOfReachAt) await PauseAsync(outOfReachAt + OutOfReachPause, null, ct);
            if (progress.Tried) continue;
            // After a fault nothing but time helps.
            await PauseAsync(due, trusted ? written : null, ct);
        }
    }

    /// <summary>Waits until something is due, something was written, or long enough.</summary>
    async Task PauseAsync(Instant? due, Task? written, CancellationToken ct)
    {
        var pause = due is { } next && (next - time.GetCurrentInstant()).ToTimeSpan() is var left && left < LongestPause ? left : LongestPause;
        if (pause <= TimeSpan.Zero) return;
        using var awake = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var paused = Task.Delay(pause, time, awake.Token);
        // The clock may have gone on before the timer was set.
        if (!(due <= time.GetCurrentInstant())) await (written is null ? paused : Task.WhenAny(paused, written));
        await awake.CancelAsync();
    }

    /// <summary>Sees to what no worker sees: a clock that was set back, and how much there is.</summary>
    async Task WatchAsync(CancellationToken ct)
    {
        var (wall, stamp) = (time.GetCurrentInstant(), time.GetTimestamp());
        while (true)
        {
            await InTrustAsync("The outbox", async ct => metrics.Show(await store.CountAsync(ct)), ct);
            await Task.Delay(LongestPause, time, ct);
            var now = time.GetCurrentInstant();
            var setBack = wall + Duration.Max(time.GetElapsedTime(stamp).ToDuration(), Duration.Zero) - now;
            (wall, stamp) = (now, time.GetTimestamp());
            if (setBack <= ClockTolerance) continue;
            await InTrustAsync("The outbox", async ct =>
            {
                LogSetBack((long)setBack.TotalSeconds);
                await store.BringForwardAsync(ct);
                signal.Set();
            }, ct);
        }
    }

    async Task PrepareAsync(CancellationToken ct)
    {
        await store.BringForwardAsync(time.GetCurrentInstant(), ct);
        var givenUp = await store.GiveUpUnconfiguredAsync(time.GetCurrentInstant(), ct);
        if (givenUp > 0) LogUnconfigured(givenUp);

        var summary = Summary();
        LogOn(summary);
        if (!mail.IsOn) return;
        var locations = await store.ListLocationsAsync(ct);
        foreach (var location in locations.Where(location => mail.RecipientsOf(location).Length == 0)) LogNoRecipient(location);
        foreach (var unknown in mail.Recipients.Keys.Except([.. locations, MailOptions.EveryLocation])) LogUnknownLocation(unknown);
    }

    string Summary()
    {
        List<string> parts = [];
        if (mail.IsOn)
        {
            var security = mail.Security switch { MailSecurity.StartTls => "STARTTLS", MailSecurity.Tls => "TLS", _ => "no TLS" };
            var recipients = mail.Recipients.Values.SelectMany(addresses => addresses).Distinct().Count();
            parts.Add($"mail to {recipients} {(recipients == 1 ? "recipient" : "recipients")} by {mail.Host}:{mail.Port} ({security}), acknowledgements {(mail.Acknowledge ? "on" : "off")}");
        }
        if (webhooks.Endpoints.Count > 0) parts.Add($"webhooks: {string.Join(", ", webhooks.Endpoints)}");
        return parts.Count == 0 ? "none" : string.Join(", ", parts);
    }

    async Task<Progress> DeliverMailAsync((string, string?)[] sources, Instant now, CancellationToken ct)
    {
        if (await store.ClaimAsync(sources, now, MailBatch, ct) is not { } claim) return default;
        List<Attempt> attempts = [];
        await HoldAsync(claim, async () =>
        {
            await foreach (var (deliveries, outcome) in mailSender.SendAsync(claim.Deliveries, ct))
            {
                var attempt = new Attempt(outcome, time.GetCurrentInstant());
                attempts.AddRange(Enumerable.Repeat(attempt, deliveries.Count));
                await MarkAsync(claim, deliveries, attempt, ct);
                if (!claim.Holds(time.GetCurrentInstant())) break;
            }
        }, ct);
        Report("Mail", attempts);
        return After(attempts);
    }

    async Task<Progress> CallAsync(WebhookEndpoint endpoint, Instant now, CancellationToken ct)
    {
        if (await store.GiveUpDisabledAsync(endpoint.Name, "the webhook is disabled since its receiver answered HTTP 410", now, ct) is { } givenUp)
        {
            if (givenUp > 0) LogDisabled(endpoint.Name, givenUp);
            return default;
        }
        if (await store.ClaimAsync([(Channel.Webhook, endpoint.Name)], now, WebhookBatch, ct) is not { } claim) return default;
        ConcurrentBag<Attempt> attempts = [];
        await HoldAsync(claim, () => Parallel.ForEachAsync(claim.Deliveries, new ParallelOptions { MaxDegreeOfParallelism = CallsAtOnce, CancellationToken = ct }, async (delivery, ct) =>
        {
            // What is not tried now is as due as before.
            if (attempts.Any(attempt => attempt.Outcome.Gone || attempt.Outcome.OutOfReach) || !claim.Holds(time.GetCurrentInstant())) return;
            var outcome = await webhookSender.SendAsync(endpoint, delivery, ct);
            var attempt = new Attempt(outcome, time.GetCurrentInstant());
            attempts.Add(attempt);
            await MarkAsync(claim, [delivery], attempt, ct);
        }), ct);
        Report($"Webhook {endpoint.Name}", attempts);
        return After(attempts);
    }

    /// <summary>Renews a claim while its work goes on, and gives back what was not tried.</summary>
    async Task HoldAsync(Claim claim, Func<Task> work, CancellationToken ct)
    {
        using var done = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var renewing = RenewAsync(claim, done.Token);
        try
        {
            await work();
        }
        finally
        {
            await done.CancelAsync();
            await renewing;
            // Where that fails the claim ends by itself.
            if (claim.Open.Length > 0) await InTrustAsync("The outbox", _ => store.ReleaseAsync(claim), CancellationToken.None);
        }
    }

    async Task RenewAsync(Claim claim, CancellationToken ct)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Claim.RenewalPause, time, ct);
                var until = time.GetCurrentInstant() + Claim.Length;
                if (await InTrustAsync("The outbox", ct => store.RenewAsync(claim, until, ct), ct)) claim.Renewed(until);
            }
        }
        catch (OperationCanceledException)
        {
            // The work is done.
        }
    }

    static Progress After(IReadOnlyCollection<Attempt> attempts) =>
        new(Tried: true, attempts.Where(attempt => attempt.Outcome.OutOfReach).Select(attempt => (Instant?)attempt.EndedAt).Max());

    /// <summary>
    /// Writes down what came of an attempt, and returns once that is done. While it cannot be done, nothing more may be delivered:
    /// with a full disk the same mail would be sent again and again.
    /// </summary>
    async Task MarkAsync(Claim claim, IReadOnlyList<Delivery> deliveries, Attempt attempt, CancellationToken ct)
    {
        var (outcome, now) = attempt;
        Mark[] marks = [.. deliveries.Select(delivery => Mark.Of(delivery, outcome, now))];
        while (true)
        {
            try
            {
                await store.MarkAsync(claim, marks, outcome.Gone ? deliveries[0].Target : null, now);
                claim.Close(marks);
                break;
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                LogUnmarked(e.GetType().Name);
                await Task.Delay(LongestPause, time, ct);
            }
        }
        foreach (var (delivery, mark) in deliveries.Zip(marks)) metrics.Count(delivery.Channel, mark.State);
    }

    void Report(string worker, IReadOnlyCollection<Attempt> attempts)
    {
        foreach (var fault in attempts.Where(attempt => attempt.Outcome.Fault is not null).GroupBy(attempt => attempt.Outcome.Fault!))
            LogUndelivered(worker, fault.Count(), attempts.Count, fault.Key);
    }

    /// <summary>Does something of which a fault must not end the service, nor bring what a peer or a sender wrote into the log.</summary>
    /// <returns>Whether it went well.</returns>
    async Task<bool> InTrustAsync(string who, Func<CancellationToken, Task> work, CancellationToken ct)
    {
        try
        {
            await work(ct);
            return true;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            LogFault(who, e is Microsoft.Data.Sqlite.SqliteException { SqliteErrorCode: var code } ? $"SQLite error {code}" : e.GetType().Name);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Notifications: {What}")]
    partial void LogOn(string what);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Nobody gets a mail about messages to {Location}: set Mail:Recipients:{Location}, or Mail:Recipients:* for all locations")]
    partial void LogNoRecipient(string location);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Mail:Recipients names {Location}, which is no location")]
    partial void LogUnknownLocation(string location);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} deliveries were given up: they are for mail or webhooks that are configured no more")]
    partial void LogUnconfigured(int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Worker}: {Count} of {All} could not be delivered: {Fault}")]
    partial void LogUndelivered(string worker, int count, int all, string fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Webhook {Name} is disabled since its receiver answered HTTP 410, and {Count} deliveries were given up: outbox retry enables it")]
    partial void LogDisabled(string name, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The clock was set back by {Seconds} seconds: what waits to be delivered is tried now")]
    partial void LogSetBack(long seconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "What was delivered cannot be marked ({Fault}): nothing more is delivered until it can")]
    partial void LogUnmarked(string fault);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Who} met a fault and goes on: {Fault}")]
    partial void LogFault(string who, string fault);
}

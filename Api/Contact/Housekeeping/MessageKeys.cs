using Api.Data;
using Microsoft.Extensions.Options;
using NodaTime.Extensions;

namespace Api.Contact.Housekeeping;

/// <summary>Makes sure at the start that messages can be sealed and opened.</summary>
sealed class MessageKeys(
    Database db,
    Keys keys,
    HousekeepingStore store,
    IOptions<KeysOptions> keysOptions,
    IOptions<ContactOptions> contactOptions,
    TimeProvider time
)
{
    /// <summary>
    /// Opens the keys, checks them against the newest message, and seals the messages of an older program.
    /// </summary>
    /// <exception cref="StartupFault">The keys do not open the messages.</exception>
    public Task PrepareAsync(CancellationToken ct) =>
        // Two instances that start at once must end up with the same keys.
        db.TryRunAloneAsync(SoleWork.Keys, waits: true, () => PrepareAloneAsync(ct), ct);

    async Task PrepareAloneAsync(CancellationToken ct)
    {
        var acceptLoss = keysOptions.Value.AcceptLoss;
        keys.Open(mayMake: !await store.HasSubmissionsAsync(ct), acceptLoss);
        if (!acceptLoss && !await store.CanOpenAsync(ct))
            throw new StartupFault(DoNotOpen);
        await store.SealOldAsync(contactOptions.Value.TelephoneRegion, time.GetCurrentInstant(), ct);
    }

    /// <summary>Checks the keys against the newest message, and changes nothing.</summary>
    /// <returns>The fault; <c>null</c> when there is none.</returns>
    public async Task<string?> FindFaultAsync(CancellationToken ct)
    {
        if (!await store.HasSubmissionsAsync(ct))
            return null;
        try
        {
            keys.Open(mayMake: false);
        }
        catch (StartupFault fault)
        {
            return fault.Message;
        }
        return await store.CanOpenAsync(ct) ? null : DoNotOpen;
    }

    string DoNotOpen =>
        $"The keys in {keys.Folder} do not open the messages in the database: restore them from a backup or "
        + "correct Keys:Folder. If they are lost for good, start with --Keys:AcceptLoss=true; the messages "
        + "from before then stay unreadable.";
}

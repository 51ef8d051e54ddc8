using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Api.Data;
using Api.Tests.Contact;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;

namespace Api.Tests.Data;

public sealed class KeysTests : IDisposable
{
    const string NotUsable = "Keys were removed or changed while the program ran, or cannot be read any more.";

    readonly TempFolder elsewhere = new();

    public void Dispose() => elsewhere.Dispose();

    string[] Certificate()
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest(
            "CN=clinic",
            key,
            HashAlgorithmName.SHA256,
            RSASignaturePadding.Pkcs1
        ).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllBytes(elsewhere.File("clinic.pfx"), certificate.Export(X509ContentType.Pkcs12));
        return [$"--Keys:Certificates:0:File={elsewhere.File("clinic.pfx")}"];
    }

    static ApiFactory On(ApiFactory api, params string[] settings)
    {
        var other = new ApiFactory();
        other.Settings.AddRange([
            $"--Database:Folder={api.Folder.Path}",
            $"--Keys:Folder={api.Folder.Keys}",
            .. settings,
        ]);
        return other;
    }

    static void Lose(string loss, string folder)
    {
        switch (loss)
        {
            case "folder":
                Directory.Delete(folder, recursive: true);
                break;
            case "content":
                foreach (var file in Directory.GetFiles(folder))
                    File.Delete(file);
                break;
            case "root":
                File.Delete(Path.Combine(folder, "root.key"));
                break;
            case "ring":
                File.Delete(Directory.GetFiles(folder, "key-*.xml").Single());
                break;
            case "damaged ring":
                File.WriteAllText(Directory.GetFiles(folder, "key-*.xml").Single(), "<key>");
                break;
            case "damaged root":
                File.WriteAllText(Path.Combine(folder, "root.key"), "x");
                break;
        }
    }

    static string[] Content(string folder) =>
        Directory.Exists(folder)
            ?
            [
                .. Directory
                    .GetFiles(folder)
                    .Order(StringComparer.Ordinal)
                    .Select(file => $"{file}: {Convert.ToHexString(File.ReadAllBytes(file))}"),
            ]
            : ["no folder"];

    [Theory]
    [
        InlineData("folder"),
        InlineData("content"),
        InlineData("root"),
        InlineData("ring"),
        InlineData("damaged ring"),
        InlineData("damaged root"),
        InlineData("certificate")
    ]
    public async Task Without_the_keys_of_its_messages_it_does_not_start_unless_their_loss_is_accepted(string loss)
    {
        await using var api = new ApiFactory();
        if (loss == "certificate")
            api.Settings.AddRange(Certificate());
        await api.InitializeAsync();
        await api.ReceivedAsync(Submissions.Valid());
        await api.App.DisposeAsync();
        Lose(loss, api.Folder.Keys);
        var before = Content(api.Folder.Keys);

        await using (var refused = On(api))
            await Assert.ThrowsAsync<StartupFault>(async () => await refused.InitializeAsync());
        Assert.Equal(before, Content(api.Folder.Keys));

        await using (var accepted = On(api, "--Keys:AcceptLoss=true"))
        {
            await accepted.InitializeAsync();
            await accepted.ReceivedAsync(Submissions.Valid());
        }
        // From then on the new keys are the right ones.
        await using var again = On(api);
        await again.InitializeAsync();
        await again.ReceivedAsync(Submissions.Valid());
        Assert.Equal(3, await again.CountAsync());
    }

    [Theory, InlineData("folder"), InlineData("content"), InlineData("root"), InlineData("ring")]
    public async Task Nothing_is_acknowledged_while_keys_are_missing(string loss)
    {
        await using var api = await ApiFactory.StartAsync();
        await api.ReceivedAsync(Submissions.Valid());
        Directory.CreateDirectory(elsewhere.File("keys"));
        foreach (var file in Directory.GetFiles(api.Folder.Keys))
            File.Copy(file, elsewhere.File($"keys/{Path.GetFileName(file)}"));
        Lose(loss, api.Folder.Keys);

        for (var i = 0; i < 3; i++)
        {
            using var refused = await api.SubmitAsync(Submissions.Valid());
            await JsonAssert.ProblemAsync(
                refused,
                503,
                "busy",
                "The server cannot store or read anything at the moment."
            );
        }
        using (var ready = await api.Client.GetAsync("/health/ready"))
            await JsonAssert.ProblemAsync(ready, 503, "busy", NotUsable);
        Assert.Equal(1, api.Log.Text.Split("Keys were removed from their folder or changed").Length - 1);
        Assert.Equal(1, await api.CountAsync());

        Directory.CreateDirectory(api.Folder.Keys);
        foreach (var file in Directory.GetFiles(elsewhere.File("keys")))
            File.Copy(file, Path.Combine(api.Folder.Keys, Path.GetFileName(file)), overwrite: true);
        JsonAssert.Equal("""{ "status": "ok" }""", await api.GetAsync("/health/ready"));
        await api.ReceivedAsync(Submissions.Valid());
    }

    [Fact]
    public async Task It_is_not_ready_with_a_replaced_root_key()
    {
        await using var api = await ApiFactory.StartAsync();
        File.WriteAllText(Path.Combine(api.Folder.Keys, "root.key"), "another");
        using var ready = await api.Client.GetAsync("/health/ready");
        await JsonAssert.ProblemAsync(ready, 503, "busy", NotUsable);
    }

    [Fact]
    public async Task A_key_ring_that_cannot_be_renewed_keeps_working()
    {
        await using var api = await ApiFactory.StartAsync();
        var keys = api.App.Services.GetRequiredService<Keys>();
        var failing = new FailingOnce(keys.Sealer("test"));
        var content = Keys.Seal(failing, [1, 2, 3]);
        failing.HasFailed = false;
        Assert.Equal([1, 2, 3], Keys.Unseal(failing, content));
        // What was tampered with is not tried twice.
        Assert.ThrowsAny<CryptographicException>(() => Keys.Unseal(failing, [.. content, 0]));
    }

    [Fact]
    public async Task The_remains_of_a_killed_first_start_are_deleted()
    {
        await using var api = new ApiFactory();
        Directory.CreateDirectory(api.Folder.Keys);
        File.WriteAllText(Path.Combine(api.Folder.Keys, ".root.key.99999999.partial"), "");
        await api.InitializeAsync();
        Assert.Empty(Directory.GetFiles(api.Folder.Keys, ".*"));
    }

    /// <summary>
    /// As the ring behaves when it cannot store its next key: it throws, and has then prolonged what it has.
    /// </summary>
    sealed class FailingOnce(IDataProtector inner) : IDataProtector
    {
        public bool HasFailed { get; set; }

        public IDataProtector CreateProtector(string purpose) => throw new NotSupportedException();

        public byte[] Protect(byte[] plaintext) => Fail() ?? inner.Protect(plaintext);

        public byte[] Unprotect(byte[] protectedData) => Fail() ?? inner.Unprotect(protectedData);

        byte[]? Fail()
        {
            if (HasFailed)
                return null;
            HasFailed = true;
            throw new CryptographicException("", new IOException("Read-only file system"));
        }
    }
}

using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Api.Tests.Contact;

namespace Api.Tests.Data;

/// <summary>The certificates that encrypt the keys on the disk.</summary>
[AnyEngine]
public sealed partial class KeyCertificateTests : IDisposable
{
    readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task The_recipe_of_the_operators_guide_works_as_it_is_printed()
    {
        var openssl = Tools.Need("sh", "openssl");
        await using var recipe = new ChildProcess(openssl[0], folder.Path, "-ec", ReadRecipe());
        Assert.True(await recipe.ExitAsync() == 0, recipe.Log);
        var printed = await recipe.LinesAsync(2);
        var pfx = folder.File("clinic.pfx");
        Assert.Equal($"Keys__Certificates__0__File={pfx}", printed[0]);
        Assert.Matches("^Keys__Certificates__0__Password=.{20,}$", printed[1]);
        Assert.Equal([pfx], Directory.GetFiles(folder.Path));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(pfx));

        string[] settings =
        [
            .. printed.Select(line => $"--{line.Replace("__", ":", StringComparison.Ordinal)}"),
            $"--Database:Folder={folder.File("data")}",
            $"--Keys:Folder={folder.File("keys")}",
        ];
        for (var start = 1; start <= 2; start++)
        {
            await using var api = await ApiFactory.StartAsync(api => api.Settings.AddRange(settings));
            await api.ReceivedAsync(Submissions.Valid());
            Assert.Equal(start, await api.CountAsync());
        }
        Assert.Contains(
            "EncryptedXmlDecryptor",
            await File.ReadAllTextAsync(Directory.GetFiles(folder.File("keys"), "key-*.xml").Single()),
            StringComparison.Ordinal
        );
    }

    static string ReadRecipe([CallerFilePath] string here = "")
    {
        var guide = Path.Combine(Path.GetDirectoryName(here)!, "../../Api/OPERATING.md");
        return Recipe().Match(File.ReadAllText(guide)).Groups[1].Value;
    }

    [GeneratedRegex(@"```sh\n((?:(?!```)[^\n]*\n)*?[^\n]*openssl pkcs12(?:(?!```)[^\n]*\n)*)```")]
    private static partial Regex Recipe();

    [Theory]
    [InlineData("no file", "Keys:Certificates:0:File is missing: set it to a PKCS #12 file.")]
    [InlineData("missing", "There is no file {0}, which Keys:Certificates:0:File names: correct the setting.")]
    [InlineData(
        "password",
        "{0} of Keys:Certificates:0 cannot be opened: correct Keys:Certificates:0:Password, or the file if it is not PKCS #12. "
    )]
    [InlineData(
        "text",
        "{0} of Keys:Certificates:0 cannot be opened: correct Keys:Certificates:0:Password, or the file if it is not PKCS #12. "
    )]
    [InlineData(
        "public",
        "{0} of Keys:Certificates:0 has no private RSA key, so it cannot decrypt the keys: export it with its key."
    )]
    [InlineData(
        "elliptic",
        "{0} of Keys:Certificates:0 has no private RSA key, so it cannot decrypt the keys: export it with its key."
    )]
    public async Task A_certificate_that_cannot_be_used_stops_the_start_with_one_sentence(
        string mistake,
        string sentence
    )
    {
        var file = folder.File("clinic.pfx");
        var password = mistake == "password" ? "right" : "wrong";
        if (mistake is "password" or "public" or "elliptic")
            await File.WriteAllBytesAsync(file, Export(mistake, password));
        else if (mistake == "text")
            await File.WriteAllTextAsync(file, "-----BEGIN CERTIFICATE-----");
        var (exitCode, _, errors) = await Command.RunAsync(
            "migrate",
            $"--Database:Folder={folder.File("data")}",
            mistake == "no file" ? "--Keys:Certificates:0:Password=x" : $"--Keys:Certificates:0:File={file}",
            "--Keys:Certificates:0:Password=wrong"
        );
        Assert.Equal(1, exitCode);
        Assert.StartsWith(sentence.Replace("{0}", file, StringComparison.Ordinal), errors, StringComparison.Ordinal);
        Assert.Single(errors.Trim().Split('\n'));
        Assert.False(Directory.Exists(folder.File("data")));
    }

    static byte[] Export(string mistake, string password)
    {
        using var rsa = RSA.Create(2048);
        using var elliptic = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request =
            mistake == "elliptic"
                ? new CertificateRequest("CN=clinic", elliptic, HashAlgorithmName.SHA256)
                : new CertificateRequest("CN=clinic", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        using var withoutKey = X509CertificateLoader.LoadCertificate(certificate.RawData);
        return (mistake == "public" ? withoutKey : certificate).Export(X509ContentType.Pkcs12, password);
    }

    [Fact]
    public async Task The_path_of_a_certificate_starts_at_the_folder_of_the_settings()
    {
        var (_, _, errors) = await Command.RunAsync("migrate", "--Keys:Certificates:0:File=no-such.pfx");
        Assert.StartsWith(
            $"There is no file {Path.Combine(Api.CommandLine.Startup.FindContentRoot([]), "no-such.pfx")},",
            errors,
            StringComparison.Ordinal
        );
    }
}

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Xml;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption.ConfigurationModel;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.Options;

namespace Api.Data;

/// <summary>
/// The keys that seal the secrets in the database. They are stored in another folder, and neither is readable without
/// the other.
/// </summary>
/// <remarks>
/// ASP.NET Core Data Protection keeps a ring of keys, adds one every 90 days, and opens what older ones sealed. Hashes
/// must stay the same, or nothing would be found again, so their key is a root secret that is made once and sealed by
/// the ring.
/// </remarks>
sealed class Keys
{
    const int SecretBytes = 32;

    readonly IDataProtectionProvider ring;
    readonly IDataProtector rootSealer;
    readonly IKeyManager manager;
    readonly KeyRepository repository;
    readonly string rootFile;
    readonly Lock gate = new();
    byte[]? root,
        sealedRoot;
    string[] files = [];

    public Keys(
        IDataProtectionProvider ring,
        IKeyManager manager,
        KeyRepository repository,
        IOptions<KeysOptions> options,
        IHostEnvironment environment
    )
    {
        (this.ring, this.manager, this.repository) = (ring, manager, repository);
        rootSealer = ring.CreateProtector("root");
        Folder = FolderOf(options.Value, environment);
        rootFile = Path.Combine(Folder, "root.key");
        repository.Stored = file =>
        {
            lock (gate)
                files = [.. files, file];
        };
    }

    /// <summary>The absolute path of the keys' folder.</summary>
    public string Folder { get; }

    /// <summary>Reads the keys and checks that they can be used.</summary>
    /// <param name="mayMake">
    /// Whether to make missing keys. Not when there are messages, which other keys have sealed.
    /// </param>
    /// <param name="acceptLoss">
    /// Whether to replace keys that cannot be used. They are kept under names that end in <c>.lost</c>.
    /// </param>
    /// <exception cref="StartupFault">They are missing or cannot be used. Nothing was written.</exception>
    public void Open(bool mayMake, bool acceptLoss = false)
    {
        try
        {
            mayMake |= acceptLoss;
            if (mayMake)
                PrivateFiles.CreateFolder(Folder);
            if (Directory.Exists(Folder))
                PrivateFiles.DeletePartials(Folder);
            if (acceptLoss && File.Exists(rootFile) && !CanUnseal(File.ReadAllBytes(rootFile)))
                SetAside();
            if (!File.Exists(rootFile))
            {
                if (!mayMake)
                {
                    throw new StartupFault(
                        $"The keys in {Folder} do not open the messages in the database, since root.key is missing "
                            + "there: restore all keys from a backup or "
                            + "correct Keys:Folder. If they are lost for good, start with --Keys:AcceptLoss=true; "
                            + "the messages from before then stay unreadable."
                    );
                }
                Make();
            }

            sealedRoot = File.ReadAllBytes(rootFile);
            if (!CanUnseal(sealedRoot))
            {
                throw new StartupFault(
                    $"The keys in {Folder} do not belong together, or their certificate is missing: restore the "
                        + "whole folder from a backup or set "
                        + "Keys:Certificates. If they are lost for good, start with --Keys:AcceptLoss=true; the "
                        + "messages from before then stay unreadable."
                );
            }
            // From now on the ring may add keys while its folder is there.
            repository.MayStore = () => File.Exists(rootFile);
            root = rootSealer.Unprotect(sealedRoot);
            lock (gate)
                files = [rootFile, .. Directory.GetFiles(Folder, "key-*.xml")];
        }
        catch (Exception e) when (FindFileError(e) is { } cause)
        {
            throw new StartupFault(
                $"The folder {Folder} of the keys cannot be used: give this user write access to it and to its "
                    + $"files, or set Keys:Folder to another. ({cause.Message})",
                e
            );
        }
        catch (Exception e) when (e is CryptographicException or XmlException)
        {
            throw new StartupFault(
                $"The keys in {Folder} are damaged: restore the whole folder from a backup. ({e.Message})",
                e
            );
        }
    }

    /// <summary>Checks that no key was removed, so that what is sealed now can be opened after a restart.</summary>
    /// <exception cref="StorageException">A key is missing.</exception>
    public void RequireInPlace()
    {
        foreach (var file in files)
        {
            if (!File.Exists(file))
                throw new StorageException(StorageFault.KeysMissing);
        }
    }

    /// <summary>Whether all keys are in their folder, and the root key is readable and unchanged.</summary>
    public bool AreUsable()
    {
        try
        {
            RequireInPlace();
            return sealedRoot is null || File.ReadAllBytes(rootFile).AsSpan().SequenceEqual(sealedRoot);
        }
        catch (Exception e) when (e is StorageException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Seals and opens for one purpose, with the newest key of the ring.</summary>
    public IDataProtector Sealer(string purpose) => ring.CreateProtector(purpose);

    /// <summary>
    /// Seals content. Before it is committed, <see cref="RequireInPlace"/> must hold.
    /// </summary>
    public static byte[] Seal(IDataProtector sealer, byte[] content) => WithRing(() => sealer.Protect(content));

    /// <summary>Opens sealed content.</summary>
    /// <exception cref="CryptographicException">Its key is not in the ring, or the content was changed.</exception>
    public static byte[] Unseal(IDataProtector sealer, byte[] content) => WithRing(() => sealer.Unprotect(content));

    /// <summary>Derives a secret of 32 bytes for one purpose, always the same (HKDF, RFC 5869).</summary>
    /// <exception cref="StartupFault">The keys cannot be read.</exception>
    public byte[] Secret(string purpose)
    {
        if (root is null)
            Open(mayMake: false);
        return HKDF.Expand(HashAlgorithmName.SHA256, root!, SecretBytes, Encoding.UTF8.GetBytes(purpose));
    }

    // The ring's files too: a damaged one would prevent new keys.
    void SetAside()
    {
        foreach (var file in Directory.GetFiles(Folder, "*.xml").Append(rootFile))
            File.Move(file, file + ".lost", overwrite: true);
    }

    void Make()
    {
        repository.MayStore = () => true;
        try
        {
            PrivateFiles.Write(
                rootFile,
                rootSealer.Protect(RandomNumberGenerator.GetBytes(SecretBytes)),
                overwrite: false
            );
        }
        catch (IOException) when (File.Exists(rootFile))
        {
            // Another process was faster. Its key is used.
        }
    }

    /// <summary>
    /// Whether the ring has the key that sealed the root, and its certificate. It asks the key manager, since the ring
    /// would make a new key when it finds none that it can use.
    /// </summary>
    bool CanUnseal(byte[] content)
    {
        // A payload of Data Protection begins with four magic bytes and the sixteen of its key's id.
        const int IdOffset = 4,
            IdLength = 16;
        if (content.Length < IdOffset + IdLength)
            return false;
        var id = new Guid(content.AsSpan(IdOffset, IdLength));
        try
        {
            return manager.GetAllKeys().FirstOrDefault(key => key.KeyId == id && !key.IsRevoked)?.CreateEncryptor()
                is not null;
        }
        catch (Exception e) when (FindFileError(e) is null)
        {
            // Its certificate is missing, or its file is damaged.
            return false;
        }
    }

    // A ring that cannot store its next key fails once, and then continues for a while with the keys that it has.
    static T WithRing<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (CryptographicException e) when (FindFileError(e) is not null)
        {
            return work();
        }
    }

    static Exception? FindFileError(Exception? e) =>
        e is null or IOException or UnauthorizedAccessException ? e : FindFileError(e.InnerException);

    /// <summary>Sets up the ring. Certificates are read now, keys when they are needed.</summary>
    /// <exception cref="StartupFault">
    /// A certificate cannot be used, or the keys' folder is inside the database's.
    /// </exception>
    public static void Add(WebApplicationBuilder builder)
    {
        builder.Services.AddSettings<KeysOptions>("Keys").ValidateAll(keys => keys.FindMistakes());
        builder.Services.AddSingleton<Keys>();
        builder.Services.AddSingleton(provider => new KeyRepository(
            FolderOf(provider.GetRequiredService<IOptions<KeysOptions>>().Value, builder.Environment),
            provider.GetRequiredService<ILoggerFactory>()
        ));
        builder
            .Services.AddOptions<KeyManagementOptions>()
            .Configure<KeyRepository>((management, repository) => management.XmlRepository = repository);

        var settings = builder.Configuration.Read<KeysOptions>("Keys");
        var folder = FolderOf(settings, builder.Environment);
        var database = builder.Configuration.Read<DatabaseOptions>("Database");
        var databaseFolder = Path.GetFullPath(Path.Combine(builder.Environment.ContentRootPath, database.Folder));
        var fromDatabase = Path.GetRelativePath(databaseFolder, folder);
        var isInside = !Path.IsPathRooted(fromDatabase) && fromDatabase.Split(Path.DirectorySeparatorChar)[0] != "..";
        if (isInside && !database.IsPostgres)
            throw new StartupFault(
                $"Keys:Folder {folder} is in the database's folder, so a copy of one would be a copy of both: set "
                    + "it to a folder elsewhere."
            );

        var protection = builder
            .Services.AddDataProtection()
            .SetApplicationName("clinic")
            .UseCryptographicAlgorithms(
                new AuthenticatedEncryptorConfiguration { EncryptionAlgorithm = EncryptionAlgorithm.AES_256_GCM }
            );
        X509Certificate2[] certificates =
        [
            .. settings.Certificates.Select(
                (certificate, index) => Load(certificate, index, builder.Environment.ContentRootPath)
            ),
        ];
        if (certificates.Length == 0)
            return;
        protection.ProtectKeysWithCertificate(certificates[0]);
        protection.UnprotectKeysWithAnyCertificate(certificates);
    }

    static string FolderOf(KeysOptions options, IHostEnvironment environment) =>
        Path.GetFullPath(Path.Combine(environment.ContentRootPath, options.Folder));

    static X509Certificate2 Load(KeyCertificate certificate, int index, string contentRoot)
    {
        var setting = $"Keys:Certificates:{index}";
        if (certificate.File == "")
            throw new StartupFault($"{setting}:File is missing: set it to a PKCS #12 file.");
        var file = Path.GetFullPath(Path.Combine(contentRoot, certificate.File));
        if (!File.Exists(file))
            throw new StartupFault($"There is no file {file}, which {setting}:File names: correct the setting.");
        X509Certificate2 loaded;
        try
        {
            loaded = X509CertificateLoader.LoadPkcs12FromFile(file, certificate.Password);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupFault($"{file} of {setting} cannot be read: give this user read access to it.", e);
        }
        catch (CryptographicException e)
        {
            throw new StartupFault(
                $"{file} of {setting} cannot be opened: correct {setting}:Password, or the file if it is not PKCS #12. "
                    + $"({e.Message})",
                e
            );
        }
        using var key = loaded.GetRSAPrivateKey();
        return key is not null
            ? loaded
            : throw new StartupFault(
                $"{file} of {setting} has no private RSA key, so it cannot decrypt the keys: export it with its key."
            );
    }
}

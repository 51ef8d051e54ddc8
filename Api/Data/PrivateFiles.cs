using System.Globalization;
using System.Runtime.InteropServices;

namespace Api.Data;

/// <summary>Creates files and folders that only the program's user can read, and flushes them to disk.</summary>
static partial class PrivateFiles
{
    const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        OwnerFolder = OwnerFile | UnixFileMode.UserExecute;

    /// <summary>Creates a missing folder. An existing one keeps its permissions.</summary>
    public static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, OwnerFolder);
    }

    /// <summary>Creates an empty file.</summary>
    /// <exception cref="IOException">It exists.</exception>
    public static FileStream Create(string file, FileShare share = FileShare.ReadWrite)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = share,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerFile;
        return new FileStream(file, options);
    }

    /// <summary>Writes a file. After a crash it has either its old or its new content.</summary>
    public static void Write(string file, ReadOnlySpan<byte> content, bool overwrite = true)
    {
        var partial = PartialName(file);
        File.Delete(partial);
        using (var stream = Create(partial))
        {
            stream.Write(content);
            stream.Flush(flushToDisk: true);
        }
        try
        {
            File.Move(partial, file, overwrite);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
        FlushFolder(Path.GetDirectoryName(file)!);
    }

    /// <summary>Replaces a file by a copy of another. Deletes it when there is nothing to copy.</summary>
    public static void Copy(string file, string target)
    {
        File.Delete(target);
        if (new FileInfo(file) is not { Exists: true, Length: > 0 })
            return;
        using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var copy = Create(target);
        source.CopyTo(copy);
        copy.Flush(flushToDisk: true);
    }

    /// <summary>The name of a file until it is complete. It tells which process writes it.</summary>
    public static string PartialName(string file)
    {
        var name = string.Create(
            CultureInfo.InvariantCulture,
            $".{Path.GetFileName(file)}.{Environment.ProcessId}.partial"
        );
        return Path.Combine(Path.GetDirectoryName(file)!, name);
    }

    /// <summary>Deletes partial files whose process has ended.</summary>
    public static void DeletePartials(string folder)
    {
        foreach (var partial in Directory.EnumerateFiles(folder, ".*.partial*"))
        {
            var parts = Path.GetFileName(partial).Split('.');
            var at = Array.FindLastIndex(parts, part => part.StartsWith("partial", StringComparison.Ordinal));
            if (
                at > 1
                && int.TryParse(parts[at - 1], NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                && !IsRunning(id)
            )
                File.Delete(partial);
        }
    }

    /// <summary>
    /// Flushes a folder's list of files. Otherwise a power cut could lose the name of a file that was flushed.
    /// </summary>
    public static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
            return;
        var descriptor = open(folder, 0);
        if (descriptor < 0)
            return;
        _ = fsync(descriptor);
        _ = close(descriptor);
    }

    static bool IsRunning(int id)
    {
        if (id == Environment.ProcessId)
            return false;
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(id);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int fsync(int descriptor);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int close(int descriptor);
}

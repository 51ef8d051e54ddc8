using System.Text;

namespace Api.Seed;

/// <summary>Reads a file of a seed as text. Bytes that are not text are a mistake with its line.</summary>
static class SeedText
{
    // The framework's own instances replace invalid bytes with U+FFFD. These throw.
    static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    static readonly UnicodeEncoding Utf16 = new(bigEndian: false, byteOrderMark: true, throwOnInvalidBytes: true);
    static readonly UnicodeEncoding Utf16BigEndian = new(
        bigEndian: true,
        byteOrderMark: true,
        throwOnInvalidBytes: true
    );

    /// <exception cref="StartupFault">The file cannot be read.</exception>
    /// <exception cref="SeedMistake">The file is not text.</exception>
    public static string Read(string file)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupFault($"{file} cannot be read: give this user access to it.", e);
        }

        var (encoding, mark) = bytes switch
        {
            [0xEF, 0xBB, 0xBF, ..] => ((Encoding)Utf8, 3),
            [0xFF, 0xFE, ..] => (Utf16, 2),
            [0xFE, 0xFF, ..] => (Utf16BigEndian, 2),
            _ => (Utf8, 0),
        };
        var text = Decode(encoding, bytes, mark);
        var nul = text.IndexOf('\0', StringComparison.Ordinal);
        return nul < 0
            ? text
            : throw new SeedMistake(
                CountLines(text[..nul]),
                "there is a character U+0000 here: remove it, or save the file as UTF-8."
            );
    }

    static string Decode(Encoding encoding, byte[] bytes, int start)
    {
        try
        {
            return encoding.GetString(bytes, start, bytes.Length - start);
        }
        catch (DecoderFallbackException)
        {
            var line = CountLines(DecodeValidPart(encoding, bytes, start));
            var name = encoding == Utf8 ? "UTF-8" : "UTF-16";
            throw new SeedMistake(line, $"there are bytes here that are not {name}: save the file as UTF-8.");
        }
    }

    static string DecodeValidPart(Encoding encoding, byte[] bytes, int start)
    {
        var decoder = encoding.GetDecoder();
        var text = new StringBuilder();
        var chars = new char[4];
        try
        {
            for (var i = start; i < bytes.Length; i++)
            {
                var count = decoder.GetChars(bytes, i, 1, chars, 0, flush: i == bytes.Length - 1);
                text.Append(chars, 0, count);
            }
        }
        catch (DecoderFallbackException)
        {
            // Expected: the valid part ends here.
        }
        return text.ToString();
    }

    static int CountLines(string text) => SplitLines(text).Length;

    /// <summary>Splits a text into its lines, with any line ending.</summary>
    public static string[] SplitLines(string text) => text.Split(["\r\n", "\n", "\r"], StringSplitOptions.None);
}

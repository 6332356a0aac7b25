namespace Certctl.Infrastructure.Crypto.Keys;

/// <summary>Small files that a crash must not leave half-written, with their final mode from the first byte on.</summary>
internal static class DurableFile
{
    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public const UnixFileMode Public = Private | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>
    /// Creates a file, written through to the disk. An existing one is an <see cref="IOException"/>; on failure nothing is left.
    /// </summary>
    public static void WriteNew(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = mode;
        using var file = new FileStream(path, options);
        try
        {
            // The umask took bits from the mode that open() was given; it can only have taken, so there was no moment of more.
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(file.SafeFileHandle, mode);
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Writes beside <paramref name="path"/> and renames: a reader sees the old file or the new one, whole.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        WriteNew(temporary, content, mode);
        try
        {
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}

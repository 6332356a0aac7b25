namespace Certctl.Infrastructure.Crypto.Keys;

/// <summary>A folder in which the server keeps private keys that it makes itself.</summary>
public static class KeyFolder
{
    /// <summary>Tries it with an empty file, which is gone afterwards.</summary>
    /// <returns>Why no key can be kept there, and who else may put one there; each with the remedy.</returns>
    public static (IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings) Check(string path)
    {
        if (!Directory.Exists(path))
            return ([$"it is no folder, or there is none; run: mkdir -m 700 '{path}'"], []);
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Options = FileOptions.DeleteOnClose,
            };
            using var file = new FileStream(Path.Combine(path, $".certctl-{Guid.NewGuid():N}"), options);
        }
        catch (IOException failure)
        {
            return ([Unwritable(failure)], []);
        }
        catch (UnauthorizedAccessException failure)
        {
            return ([Unwritable(failure)], []);
        }

        const UnixFileMode WrittenByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
        return OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & WrittenByOthers) == 0
            ? ([], [])
            : ([], [$"other accounts may write to it, so they can remove keys or put others in their place; run: chmod 700 '{path}'"]);
    }

    private static string Unwritable(Exception failure) =>
        $"no file can be made in it: {failure.Message.TrimEnd('.')}; give it to the account that the server runs under (mode 0700)";
}

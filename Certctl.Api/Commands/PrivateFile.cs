namespace Certctl.Api.Commands;

/// <summary>Files with secrets in them: mode 0600 from their first byte, replaced as a whole.</summary>
internal static class PrivateFile
{
    public static void WriteIfChanged(string path, string text)
    {
        if (File.Exists(path) && File.ReadAllText(path) == text)
            return;
        var draft = path + ".new";
        File.Delete(draft);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (var writer = new StreamWriter(path: draft, options: options))
            writer.Write(text);
        File.Move(draft, path, overwrite: true);
    }
}

namespace Certctl.Tests.Interop;

/// <summary>The programs in samples/, as they are built with the tests.</summary>
internal static class SampleProgram
{
    /// <summary>For <c>dotnet</c>.</summary>
    /// <param name="name">Of its folder in samples/.</param>
    public static string Path(string name)
    {
        // artifacts/bin/Certctl.Tests/debug: the sample lies two folders beside, built as this was.
        var built = System.IO.Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        return System.IO.Path.Combine(built, "..", "..", name, System.IO.Path.GetFileName(built), $"{name}.dll");
    }
}

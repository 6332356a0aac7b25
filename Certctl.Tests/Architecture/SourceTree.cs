namespace Certctl.Tests.Architecture;

/// <summary>The project's own files, found from where the test assembly lies.</summary>
internal static class SourceTree
{
    public static readonly string[] Products = ["Certctl.Domain", "Certctl.Application", "Certctl.Infrastructure", "Certctl.Api"];

    public static string Root { get; } = FindRoot();

    public static string PathOf(string relative) => Path.Combine(Root, relative);

    public static string Read(string relative) => File.ReadAllText(PathOf(relative));

    /// <summary>Every C# and Razor file of the product projects, as paths relative to the root with forward slashes.</summary>
    public static IEnumerable<string> ProductFiles() => Products.SelectMany(FilesOf);

    /// <summary>The same for one project folder.</summary>
    public static IEnumerable<string> FilesOf(string project) =>
        Directory.EnumerateFiles(PathOf(project), "*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is ".cs" or ".razor")
            .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
            .Where(file => !file.Split('/').Any(part => part is "bin" or "obj"))
            .Order(StringComparer.Ordinal);

    /// <summary>Written by EF's tools: migrations and compiled models.</summary>
    public static bool IsGenerated(string file) =>
        file.Contains("/Persistence/Migrations/", StringComparison.Ordinal)
        || file.Contains("/Persistence/CompiledModels/", StringComparison.Ordinal);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Certctl.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException(
            $"No Certctl.sln above {AppContext.BaseDirectory}: these tests read the sources and need the work tree.");
    }
}

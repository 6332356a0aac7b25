using System.IO.MemoryMappedFiles;

namespace Certctl.Tests.Hostile.Fuzz;

/// <summary>
/// The input of the execution under way, in a file that outlives the process:
/// a decoder that runs forever or kills it leaves its input behind.
/// </summary>
internal sealed class LastInput : IDisposable
{
    private const int Capacity = 64 * 1024;

    private readonly string _path;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private long _writes;

    public LastInput(string path)
    {
        _path = path;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Create, null, sizeof(int) + Capacity);
        _view = _file.CreateViewAccessor();
    }

    /// <summary>Grows with every execution.</summary>
    public long Writes => Interlocked.Read(ref _writes);

    public void Write(byte[] input)
    {
        Interlocked.Increment(ref _writes);
        _view.Write(0, input.Length);
        _view.WriteArray(sizeof(int), input, 0, Math.Min(input.Length, Capacity));
    }

    public byte[] Read()
    {
        var input = new byte[Math.Min(_view.ReadInt32(0), Capacity)];
        _view.ReadArray(sizeof(int), input, 0, input.Length);
        return input;
    }

    /// <summary>The last execution ended well.</summary>
    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
        File.Delete(_path);
    }
}

using System.Runtime.Versioning;
using FitCluster.Data.Writing;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Data.Tests.Writing;

public sealed class OutputPathTests : TestFolder
{
    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void A_link_stays_and_what_it_leads_to_is_replaced_or_made()
    {
        File.WriteAllText(PathOf("old"), "old");
        File.SetUnixFileMode(PathOf("old"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.CreateSymbolicLink(PathOf("one"), "old");
        File.CreateSymbolicLink(PathOf("two"), PathOf("one"));
        File.CreateSymbolicLink(PathOf("dangling"), "made");
        AtomicFile.WriteAllText(PathOf("two"), "new");
        AtomicFile.WriteAllText(PathOf("dangling"), "first");
        Assert.Equal(("new", "first"), (File.ReadAllText(PathOf("old")), File.ReadAllText(PathOf("made"))));
        Assert.Equal(("old", PathOf("one"), "made"), (Link("one"), Link("two"), Link("dangling")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(PathOf("old")));
        Assert.Equal(5, Directory.GetFileSystemEntries(PathOf("")).Length);

        OutputPath.Clear(PathOf("two"));
        OutputPath.MoveInto(PathOf("made"), PathOf("two"));
        Assert.Equal(("first", "old"), (File.ReadAllText(PathOf("old")), Link("one")));
        Assert.False(File.Exists(PathOf("made")));
    }

    [Fact]
    public void A_path_is_resolved_part_by_part_as_the_system_does()
    {
        Directory.CreateDirectory(PathOf("a/b"));
        Directory.CreateSymbolicLink(PathOf("link"), "a/b");
        var root = OutputPath.Resolve(PathOf(""));
        Assert.Equal(root + "/a/x", OutputPath.Resolve(PathOf("link/../x")));
        File.CreateSymbolicLink(PathOf("p"), "q");
        File.CreateSymbolicLink(PathOf("q"), "p");
        Assert.Throws<IOException>(() => OutputPath.Of(PathOf("p")));
    }

    [Fact]
    public async Task A_pipe_and_a_device_are_written_to_and_stay_what_they_are()
    {
        var pipe = SpecialFiles.Pipe(PathOf("pipe"));
        var read = SpecialFiles.Read(pipe);
        AtomicFile.WriteAllText(pipe, "through");
        Assert.Equal("through", await read);
        Assert.Equal(FileKind.Pipe, FileKinds.Of(pipe));

        var device = SpecialFiles.Null(PathOf("null"));
        File.CreateSymbolicLink(PathOf("link"), device);
        AtomicFile.WriteAllText(PathOf("link"), "gone");
        OutputPath.Clear(device);
        File.WriteAllText(PathOf("file"), "gone too");
        OutputPath.MoveInto(PathOf("file"), device);
        Assert.Equal((FileKind.Device, FileKind.None), (FileKinds.Of(device), FileKinds.Of(PathOf("file"))));
    }

    [Fact]
    public void A_folder_and_a_socket_are_refused()
    {
        Assert.Contains("a folder", Assert.Throws<IOException>(() => new AtomicFile(PathOf(""))).Message, StringComparison.Ordinal);
        using var socket = SpecialFiles.Socket(PathOf("s"));
        Assert.Contains("a socket", Assert.Throws<IOException>(() => new AtomicFile(PathOf("s"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_is_a_link_is_emptied_and_stays()
    {
        Directory.CreateDirectory(PathOf("target/sub"));
        File.WriteAllText(PathOf("target/sub/f"), "");
        File.CreateSymbolicLink(PathOf("target/out"), PathOf("kept"));
        File.WriteAllText(PathOf("kept"), "");
        Directory.CreateSymbolicLink(PathOf("link"), "target");
        OutputFolder.Remove(PathOf("link"));
        Assert.Equal("target", Link("link"));
        Assert.Empty(Directory.GetFileSystemEntries(PathOf("target")));
        Assert.True(File.Exists(PathOf("kept")));
        Directory.CreateSymbolicLink(PathOf("dangling"), "new");
        OutputFolder.Make(PathOf("dangling/deep"));
        Assert.True(Directory.Exists(PathOf("new/deep")));
    }

    [Fact]
    public void A_store_behind_a_link_is_replaced_where_it_lies()
    {
        var data = Text("d.csv", "name,a,b\nr1,1,2\nr2,3,4\n");
        MatrixStore.Ingest(data, PathOf("store"));
        Directory.CreateSymbolicLink(PathOf("link"), "store");
        MatrixStore.Ingest(Text("e.csv", "name,a,b\nr1,1,2\n"), PathOf("link"), overwrite: true);
        Assert.Equal("store", Link("link"));
        Assert.Equal(1, MatrixSource.Open(PathOf("store")).Rows);
    }

    private string? Link(string name) => new FileInfo(PathOf(name)).LinkTarget;
}

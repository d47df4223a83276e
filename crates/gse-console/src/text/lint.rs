//! What would go wrong with a package, in Chinese, by rule. Which file it is, the sentence of the service says, which is
//! English.

/// Rule, what is wrong, and what to do, in the order of the rules' letters.
const RULES: &[(&str, &str, &str)] = &[
    ("architecture", "程序不是为本服务所在的机器编译的。", "为运行它的系统和处理器重新编译。"),
    ("empty", "包内没有文件。", "将游戏服务器及其依赖打入包内。"),
    ("execute-bit", "文件没有可执行权限。", "打包前执行 chmod +x。"),
    ("gse-yaml", "gse.yaml 有误。", "按照说明修正 gse.yaml。"),
    ("install-script", "安装脚本默认不会自动运行。", "启动服务时加上 --run-install-script。"),
    ("interpreter", "找不到加载器或脚本解释器。", "在主机上安装它，将它放入包内，或改用静态链接。"),
    ("launch-path", "启动路径不正确。", "填写包内的实际路径，注意大小写。"),
    ("library-not-found", "找不到动态库。", "将动态库放入包内，并以 -Wl,-rpath,'$ORIGIN' 链接。"),
    (
        "library-of-this-machine",
        "依赖本机的动态库，其他主机上可能没有。",
        "将动态库一并放入包内，或在每台主机上安装。",
    ),
    ("nested-folder", "所有文件都在一个子目录中，/local/game/ 下没有文件。", "直接打包该子目录的内容。"),
    ("too-large", "生成包过大，或文件过多。", "移除不需要的文件。"),
];

/// What is wrong and what to do; `None` for a rule of a newer service.
pub(crate) fn of(rule: &str) -> Option<(&'static str, &'static str)> {
    RULES.iter().find(|(known, ..)| *known == rule).map(|(_, wrong, fix)| (*wrong, *fix))
}

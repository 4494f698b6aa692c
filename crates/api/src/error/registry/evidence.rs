//! Reasons of photos and films: a part of the one table, handed on behind the rest like that of disputes.

macro_rules! with_evidence {
    ($($before:tt)*) => {
        with_disputes! {
            $($before)*

            EvidenceTooLarge "EVIDENCE_TOO_LARGE" InvalidArgument
                en "The photo or film is too large."
                   "A photo may have 16 MiB, 50 million pixels and 16,384 on a side, a film 64 MiB. Pixels are counted \
                    by the header, before anything is decoded. Nothing was kept."
                   "Make the photo smaller, or the film shorter, and send it again."
                zh "照片或视频过大。"
                   "照片不超过 16 MiB、五千万像素、单边一万六千三百八十四像素，视频不超过 64 MiB；像素在解码前按文件头核对，未留存任何内容。"
                   "请缩小照片或截短视频后重新上传。";
            EvidenceTypeRefused "EVIDENCE_TYPE_REFUSED" InvalidArgument
                en "The file is no photo or film of a kind that is taken."
                   "Taken are JPEG, PNG and WebP, and the films MP4, MOV and WebM, by their first bytes and not by \
                    their name; the metadata says what it looks like. HEIC of iPhones has no reader here."
                   "Send a JPEG. On an iPhone: Settings, Camera, Formats, Most Compatible."
                zh "不支持的文件类型。"
                   "可上传 JPEG、PNG、WebP 照片和 MP4、MOV、WebM 视频；类型按文件内容判断，元数据给出了识别结果。暂不支持 iPhone 的 HEIC。"
                   "请上传 JPEG 照片；iPhone 可在「设置 - 相机 - 格式」中选择「兼容性最佳」。";
            EvidenceUnreadable "EVIDENCE_UNREADABLE" InvalidArgument
                en "The photo or film cannot be read."
                   "It begins like one and does not go on like one: it is cut off, damaged, or another file is hidden \
                    in it. Nothing was kept."
                   "Look whether it opens on the device, and send it again or take another."
                zh "照片或视频无法读取。"
                   "文件开头正确但内容不完整、已损坏，或其中夹带了其他文件，未留存任何内容。"
                   "请确认能在设备上打开后重新上传，或重新拍摄。";
            EvidenceTooCostly "EVIDENCE_TOO_COSTLY" InvalidArgument
                en "Reading the photo or film takes more time or memory than there is for one."
                   "Each file is read in a process of its own with 30 seconds and 1 GiB; this one was ended there. \
                    Nothing was kept."
                   "Save the photo anew with an ordinary program, or make it smaller, and send it again."
                zh "照片或视频过于复杂，无法处理。"
                   "每个文件在独立进程中处理，限时三十秒、内存 1 GiB，该文件超出限制，未留存任何内容。"
                   "请用常用软件另存或缩小后重新上传。";
            EvidenceHashWrong "EVIDENCE_HASH_WRONG" InvalidArgument
                en "The file that came is not the one that was announced."
                   "Its SHA-256 or its length is another than the call said. Nothing was kept."
                   "Send it again; if it happens twice, the fingerprint was made of another file."
                zh "收到的文件与声明不符。"
                   "文件的 SHA-256 或长度与请求中声明的不一致，未留存任何内容。"
                   "请重新上传；若再次出现，请检查指纹是否来自同一文件。";
        }
    };
}

pub(super) use with_evidence;
